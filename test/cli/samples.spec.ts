import assert from 'node:assert/strict';
import { sampleStackFile, sampleStates } from '../../cli/samples';
import { meshwright } from './support';

describe('meshwright samples', () => {
  it('lists every state with its description', () => {
    const { code, stdout, stderr } = meshwright(['samples']);
    assert.deepEqual([code, stderr], [0, '']);
    const [header, ...rows] = stdout.trimEnd().split('\n');
    assert.match(header ?? '', /^SAMPLE +WHAT IT SHOWS$/);
    assert.deepEqual(
      rows.map((row) => row.split(/ {2,}/)),
      sampleStates().map(({ sample, state, description }) => [`${sample}/${state}`, description]),
    );
  });

  it('lists them as JSON', () => {
    const { code, stdout } = meshwright(['samples', '--json']);
    assert.deepEqual([code, JSON.parse(stdout)], [0, sampleStates()]);
  });

  it('prints one as the stack file that --sample uses', () => {
    const { code, stdout } = meshwright(['samples', '003/delay']);
    assert.deepEqual([code, stdout], [0, sampleStackFile('003-course', 'delay')]);
  });

  it('works with the commands that take a stack', () => {
    const { code, stdout } = meshwright(['render', '--sample', '002/90-10']);
    assert.equal(code, 0);
    assert.match(stdout, /subset: version-v2\n +weight: 10\n/);
  });

  for (const words of [
    ['samples', '003/dela'],
    ['render', '--sample', '003/dela'],
    ['check', '--sample', '003/dela'],
    ['start', '--sample', '003/dela'],
    ['lab', 'up', '--sample', '003/dela'],
  ]) {
    it(`fails for an unknown state, and suggests the nearest one: ${words.join(' ')}`, () => {
      const { code, stdout, stderr } = meshwright(words);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(
        stderr,
        /^no state "dela" of sample 003-course; did you mean "delay"\? \(there are base, istio, .*\)\n$/,
      );
    });
  }

  it('fails for a sample together with a stack', () => {
    const { code, stderr } = meshwright(['render', '--sample', '003', '--stack', 'dev']);
    assert.equal(code, 2);
    assert.match(stderr, /option '-s, --stack <name>' cannot be used with option '--sample <sample\[\/state\]>'/);
  });
});
