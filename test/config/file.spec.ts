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

  it('is named after its stack, without the organization', () => {
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

  it('fails when it does not exist, and names the existing ones', () => {
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
      isBroken: true,
    });
  });

  it('fails when there is none at all', () => {
    const file = join(folder, 'Pulumi.dev.yaml');
    assert.deepEqual(loadStackFile(file), {
      problems: [{ path: '', file, message: `no such file; there are no stack files in ${folder}` }],
      isBroken: true,
    });
    const nowhere = join(folder, 'nowhere', 'Pulumi.dev.yaml');
    assert.deepEqual(loadStackFile(nowhere), {
      problems: [
        { path: '', file: nowhere, message: `no such file; there are no stack files in ${join(folder, 'nowhere')}` },
      ],
      isBroken: true,
    });
  });

  it('fails as a folder', () => {
    assert.deepEqual(loadStackFile(folder), {
      problems: [{ path: '', file: folder, message: 'cannot be read: it is a folder' }],
      isBroken: true,
    });
  });

  it('may be UTF-16, and fails for other bytes', () => {
    const file = write('mesh.yaml', '');
    writeFileSync(file, Buffer.from('\ufeffconfig: { meshwright:istio: { hub: é } }', 'utf16le'));
    const loaded = loadStackFile(file);
    assert.deepEqual('settings' in loaded ? loaded.settings : loaded, { istio: { hub: 'é' } });
    writeFileSync(file, Buffer.from([0x63, 0xff, 0x00, 0x01]));
    assert.deepEqual(loadStackFile(file), {
      problems: [{ path: '', file, message: 'cannot be read: neither UTF-8 nor UTF-16' }],
      isBroken: true,
    });
  });
});
