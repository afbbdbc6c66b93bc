import assert from 'node:assert/strict';
import { shellWord, talkOn, type Terminal } from '../../cli/output';

const clear = '\r\x1b[K';

/** A terminal that records its output. */
function remembering(told: Partial<Terminal> = {}): { written: string[]; terminal: Terminal } {
  const written: string[] = [];
  return { written, terminal: { write: (text) => written.push(text), ...told } };
}

describe('talk', () => {
  it('has a last line that is rewritten in place, cut to the width of the terminal', () => {
    const { written, terminal } = remembering({ isTTY: true, columns: 8 });
    const say = talkOn(terminal);
    say('one');
    say.rewrite?.('1/3');
    say.rewrite?.('a long line');
    say('two');
    say.rewrite?.('');
    say('three');
    assert.deepEqual(written, ['one\n', '1/3', clear, 'a long…', clear, 'two\n', '', 'three\n']);
  });

  it('prints no such line without a terminal', () => {
    const { written, terminal } = remembering();
    const say = talkOn(terminal);
    say('one');
    assert.deepEqual([say.rewrite, written], [undefined, ['one\n']]);
  });
});

describe('a word for a shell', () => {
  it('is quoted if necessary', () => {
    assert.deepEqual(['/a/b-c.d', '/a b', "it's"].map(shellWord), ['/a/b-c.d', "'/a b'", "'it'\\''s'"]);
  });
});
