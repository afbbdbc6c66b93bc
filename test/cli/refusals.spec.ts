import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { meshwright, reviewsStack, temporaryFolder } from './support';

const at = (place: string): string => `meshwright:routes.bookinfo.reviews${place}`;
const whole = 'a weight must be a whole number from 0 to 100, or "rest"';

/** Broken stack files, each with all expected problems: `line:column key: value`, then what is allowed. */
const refusals: { title: string; text: string; told: string[] }[] = [
  {
    title: 'weights that sum to 110',
    text: reviewsStack('{ v1: 90, v3: 20 }'),
    told: [
      `8:9 ${at('.weights')}: {"v1":90,"v3":20}\n  weights must sum to 100, these sum to 110: v1 90, v3 20; change one of them, or make it "rest"`,
    ],
  },
  {
    title: 'a negative weight and one above 100',
    text: reviewsStack('{ v1: -5, v3: 105 }'),
    told: [`8:20 ${at('.weights.v1')}: -5\n  ${whole}`, `8:28 ${at('.weights.v3')}: 105\n  ${whole}`],
  },
  {
    title: 'fractions',
    text: reviewsStack('{ v1: 33.3, v3: 66.7 }'),
    told: [`8:20 ${at('.weights.v1')}: 33.3\n  ${whole}`, `8:30 ${at('.weights.v3')}: 66.7\n  ${whole}`],
  },
];

describe('meshwright render refuses', () => {
  const folder = temporaryFolder();

  for (const { title, text, told } of refusals) {
    it(`${title}, with exit code 1, every problem and nothing on stdout`, () => {
      const file = folder.file('stack.yaml', text);
      const count = `${told.length} problem${told.length === 1 ? '' : 's'}`;
      assert.deepEqual(meshwright(['render', '--config', file]), {
        code: 1,
        stdout: '',
        stderr: `${file} is refused, nothing was changed: ${count}\n${told.map((line) => `${file}:${line}`).join('\n')}\n`,
      });
    });
  }

  it('writes no folder for a refused stack file', () => {
    const file = folder.file('stack.yaml', reviewsStack('{ v1: 1 }'));
    const output = join(folder.path, 'out');
    assert.equal(meshwright(['render', '--config', file, '-o', output]).code, 1);
    assert.equal(existsSync(output), false);
  });

  it('a missing stack file, and names the existing ones', () => {
    folder.file('Pulumi.dev.yaml', reviewsStack('{ v1: 100 }'));
    assert.deepEqual(meshwright(['render', '--stack', 'dve'], { cwd: folder.path }), {
      code: 2,
      stdout: '',
      stderr:
        'Pulumi.dve.yaml is refused, nothing was changed: 1 problem\nPulumi.dve.yaml\n  no such file; there are Pulumi.dev.yaml\n  did you mean "Pulumi.dev.yaml"?\n',
    });
  });

  for (const words of [
    ['render', '--nope'],
    ['rendre'],
    ['render', '--stack', 'a', '--config', 'b'],
    ['lab', 'sideways'],
  ]) {
    it(`the words "${words.join(' ')}" with exit code 2`, () => {
      const { code, stdout, stderr } = meshwright(words);
      assert.deepEqual({ code, stdout, help: stderr.includes('--help') }, { code: 2, stdout: '', help: true });
    });
  }
});
