import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { projectFile } from '../../../cli/start/project-file';

const root = resolve(__dirname, '..', '..', '..');

describe('the project in another folder', () => {
  it('is the same, with paths to the program and the plugins of this checkout', () => {
    const own = parse(readFileSync(join(root, 'Pulumi.yaml'), 'utf8')) as object;
    assert.deepEqual(parse(projectFile(join(root, '.lab', 'pulumi'))), {
      ...own,
      main: '../..',
      plugins: {
        providers: [{ name: 'meshwright-routes', path: '../../provider' }],
        analyzers: [{ name: 'policy-meshwright', path: '../../policy/direct' }],
      },
    });
    for (const script of [
      'provider/pulumi-resource-meshwright-routes',
      'policy/direct/pulumi-analyzer-policy-meshwright',
    ])
      assert.ok(existsSync(join(root, script)), script);
  });
});
