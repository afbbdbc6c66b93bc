import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadStackFile, stackFilePath } from '../../config/file';

describe('a stack file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'meshwright-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it('is named after its stack, whatever the organization', () => {
    assert.deepEqual(
      [stackFilePath('dev'), stackFilePath('acme/meshwright/prod', 'project')],
      ['Pulumi.dev.yaml', join('project', 'Pulumi.prod.yaml')],
    );
  });

  it('is read from any file', () => {
    const loaded = loadStackFile(write('mesh.yaml', 'config: { meshwright:istio: { cni: false } }'));
    assert.ok('settings' in loaded);
    assert.deepEqual(loaded.settings, { istio: { cni: false } });
  });

  it('fails when it is not there, with those that are', () => {
    write('Pulumi.dev.yaml', '');
    write('Pulumi.prod.yaml', '');
    write('Pulumi.yaml', '');
    const file = join(folder, 'Pulumi.prd.yaml');
    assert.deepEqual(loadStackFile(file), {
      problems: [
        {
          path: '',
          file,
          message: 'no such file; there are Pulumi.dev.yaml, Pulumi.prod.yaml',
          hint: 'did you mean "Pulumi.prod.yaml"?',
        },
      ],
    });
  });

  it('fails when there is none at all', () => {
    const file = join(folder, 'Pulumi.dev.yaml');
    assert.deepEqual(loadStackFile(file), {
      problems: [{ path: '', file, message: `no such file; there are no stack files in ${folder}` }],
    });
    const nowhere = join(folder, 'nowhere', 'Pulumi.dev.yaml');
    assert.deepEqual(loadStackFile(nowhere), {
      problems: [
        { path: '', file: nowhere, message: `no such file; there are no stack files in ${join(folder, 'nowhere')}` },
      ],
    });
  });

  it('fails as a folder', () => {
    assert.deepEqual(loadStackFile(folder), {
      problems: [{ path: '', file: folder, message: 'cannot be read: it is a folder' }],
    });
  });
});
