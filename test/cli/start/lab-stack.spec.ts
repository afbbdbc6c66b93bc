import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { projectSettings, skipAwait } from '../../../cli/start/inline-program';
import { deployedStacks, lockHolders, recordOrigin, refuseOtherOrigin } from '../../../cli/start/stack-state';
import { temporaryFolder } from '../support';

const checkout = resolve(__dirname, '..', '..', '..');

describe('a stack on the lab', () => {
  const folder = temporaryFolder();

  it('has the project file of the checkout, with absolute paths and the Kubernetes provider of the lab', () => {
    const { main, plugins, name } = projectSettings('/lab/provider') as unknown as Record<string, unknown>;
    assert.deepEqual(
      { main, plugins, name },
      {
        main: checkout,
        name: 'meshwright',
        plugins: {
          analyzers: [{ name: 'policy-meshwright', path: join(checkout, 'policy', 'direct') }],
          providers: [
            { name: 'meshwright-routes', path: join(checkout, 'provider') },
            { name: 'kubernetes', path: '/lab/provider' },
          ],
        },
      },
    );
  });

  it('is deployed if its state has resources, or a killed run had begun to create some', () => {
    const stateDir = join(folder.path, 'lab');
    const stacks = join('lab', 'pulumi', 'backend', '.pulumi', 'stacks', 'meshwright');
    assert.deepEqual(deployedStacks({ stateDir }), new Map());
    mkdirSync(join(folder.path, stacks), { recursive: true });
    const state = (latest: unknown): string => JSON.stringify({ version: 3, checkpoint: { latest } });
    folder.file(join(stacks, 'up.json'), state({ resources: [{ type: 'a' }] }));
    folder.file(join(stacks, 'down.json'), state({ resources: [] }));
    folder.file(join(stacks, 'new.json'), state(null));
    folder.file(
      join(stacks, 'killed.json'),
      state({ pending_operations: [{ type: 'creating', resource: { type: 'b' } }] }),
    );
    folder.file(join(stacks, 'up.json.bak'), '');
    assert.deepEqual(
      [...deployedStacks({ stateDir })],
      [
        ['killed', [{ type: 'b' }]],
        ['up', [{ type: 'a' }]],
      ],
    );
  });

  it('is refused for another file of the same name, as long as the first file exists', () => {
    const stateDir = join(folder.path, 'origins');
    const stacks = join('origins', 'pulumi', 'backend', '.pulumi', 'stacks', 'meshwright');
    mkdirSync(join(folder.path, stacks), { recursive: true });
    const first = folder.file('first.yaml', '');
    const second = folder.file('second.yaml', '');
    const refusal = (origin: string): string => {
      try {
        refuseOtherOrigin({ stateDir }, 'mesh', origin);
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    recordOrigin({ stateDir }, 'mesh', first);
    assert.equal(refusal(second), '', 'nothing is deployed yet');
    const state = { version: 3, checkpoint: { latest: { resources: [{ type: 'a' }] } } };
    folder.file(join(stacks, 'mesh.json'), JSON.stringify(state));
    assert.deepEqual(
      [refusal(first), refusal(second).split('\n')],
      [
        '',
        [
          `The lab's stack mesh comes from ${first}, not from ${second}: two files with one name cannot be on the lab together.`,
          `Rename the file, or remove the other stack first: npx meshwright down --config ${first}`,
        ],
      ],
    );
    rmSync(first);
    assert.equal(refusal(second), '', 'the file was moved');
    recordOrigin({ stateDir }, 'mesh', 'sample:003-course');
    assert.match(refusal(second), /npx meshwright down --sample 003-course$/);
  });

  it('does not wait for Services and Ingresses, and keeps all other options', async () => {
    const of = (type: string, opts = {}) =>
      skipAwait({
        custom: true,
        type,
        name: 'web',
        props: { metadata: { name: 'web', annotations: { a: 'b' } } },
        opts,
      });
    const props = { metadata: { name: 'web', annotations: { 'pulumi.com/skipAwait': 'true', a: 'b' } } };
    assert.deepEqual(
      [
        await of('kubernetes:core/v1:Service', { deleteBeforeReplace: false, protect: true }),
        await of('kubernetes:networking.k8s.io/v1:Ingress', { deleteBeforeReplace: true }),
        await of('kubernetes:apps/v1:Deployment'),
      ],
      [{ props, opts: { protect: true } }, { props, opts: { deleteBeforeReplace: true } }, undefined],
    );
  });

  it('is locked by complete locks only', () => {
    assert.deepEqual(lockHolders(join(folder.path, 'locks')), []);
    mkdirSync(join(folder.path, 'locks'));
    folder.file(join('locks', 'a.json'), '{"pid":7,"hostname":"here"}');
    folder.file(join('locks', 'b.json'), '{"pid":');
    folder.file(join('locks', 'a.json.attrs'), '{}');
    assert.deepEqual(lockHolders(join(folder.path, 'locks')), [{ pid: 7, hostname: 'here' }]);
  });
});
