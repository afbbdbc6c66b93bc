import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { meshwright, reviewsStack, temporaryFolder } from '../support';

describe('meshwright shift and undo', () => {
  const folder = temporaryFolder();
  const text = reviewsStack(
    '{ v1: rest, v3: 10 }',
    '      ratings: { versions: [v1, v2], weights: { v1: 100 }, weightsOwnedBy: argo }\n',
  );
  const refused = (command: string, ...words: string[]): string => {
    const file = folder.file('Pulumi.refused.yaml', text);
    const { code, stdout, stderr } = meshwright([command, ...words, '--config', file]);
    assert.deepEqual([code, stdout, readFileSync(file, 'utf8')], [2, '', text], stderr);
    assert.ok(!existsSync(join(folder.path, '.meshwright', 'refused', 'shifts')));
    return stderr.split('\n')[0] ?? '';
  };
  const shift = (...words: string[]): string => refused('shift', ...words);

  for (const [words, message] of [
    [
      ['ratings', '--to', 'v2', '--no-metrics'],
      'bookinfo/ratings cannot be shifted: its weights belong to argo (weightsOwnedBy), which would undo each step. Shift it there, or remove weightsOwnedBy first.',
    ],
    [
      ['reveiws', '--to', 'v3'],
      'reveiws is not a route of this stack; it has bookinfo/ratings, bookinfo/reviews. Did you mean reviews?',
    ],
    [['reviews', '--to', 'v9', '--no-metrics'], 'bookinfo/reviews has no version v9; its versions are v1, v2, v3.'],
    [
      ['reviews', '--to', 'v2=30,v3=60', '--no-metrics'],
      '--to v2=30,v3=60: weights are whole percent that sum to 100, e.g. v2=30,v3=70.',
    ],
    [
      ['reviews', '--to', 'v3', '--steps', '50,20,100'],
      '--steps 50,20,100: they rise and end at 100, e.g. 5,25,50,100.',
    ],
    [
      ['reviews', '--to', 'v3', '--every', 'soon', '--no-metrics'],
      '--every soon: write a duration, e.g. 500ms, 60s or 5m.',
    ],
    [
      ['reviews', '--to', 'v3', '--max-error-rate', '200%', '--no-metrics'],
      '--max-error-rate 200%: write a percentage, e.g. 1% or 0.5.',
    ],
    [
      ['reviews', '--to', 'v3', '--query', 'sum(jobs)'],
      "--query sum(jobs): it ends in a comparison with a number, e.g. '… < 5'.",
    ],
    [
      ['reviews', '--to', 'v3', '--header', 'x-canary', '--no-metrics'],
      '--header x-canary: write NAME=VALUE, e.g. x-canary=always.',
    ],
    [['reviews', '--tick'], 'No shift of bookinfo/reviews is running; start one with --to VERSION.'],
    [['reviews', '--abort'], 'No shift of bookinfo/reviews is running; start one with --to VERSION.'],
    [['reviews', '--status'], 'bookinfo/reviews was never shifted.'],
  ] as const) {
    it(`refuses shift ${words.join(' ')}`, () => assert.equal(shift(...words), message));
  }

  it('refuses to undo what was never live', () =>
    assert.equal(
      refused('undo', 'reviews'),
      'bookinfo/reviews has 0 earlier states that were deployed; `undo bookinfo/reviews --list` shows them.',
    ));

  it('refuses a sample, which has no file', () => {
    const { code, stderr } = meshwright(['shift', 'reviews', '--to', 'v3', '--sample', '004']);
    assert.deepEqual([code, stderr.trim()], [2, 'A sample has no stack file that could be edited; use --stack.']);
  });
});
