import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Deployment } from '@pulumi/pulumi/automation';
import { adoptObjects } from '../../../cli/start/adopt';
import type { Adoption } from '../../../cli/start/adopted-state';
import { meshwright, temporaryFolder } from '../support';

const nothing = { adopted: [], created: [], changed: [], removed: [], unchanged: 0 };
const note = { kind: 'ConfigMap', namespace: 'shop', name: 'note' };
const [old, added] = [
  { urn: 'old', type: 'a' },
  { urn: 'new', type: 'a' },
];
const adoption = (adopted: Adoption['adopted']['adopted'], left: Partial<Adoption['left']> = {}): Adoption => ({
  adopted: { ...nothing, adopted },
  left: { ...nothing, ...left },
  added: (resources) => [...resources, added],
});
const one = adoption([{ ...note, changes: [] }], { created: [{ ...note, name: 'other' }] });
const plan = [
  'Plan',
  '= ConfigMap shop/note',
  '1 to adopt: as stated already, they do not change in the cluster',
  '',
  'Left to the next update',
  '+ ConfigMap shop/other',
  '',
  '',
].join('\n');

async function run(
  what: Adoption,
  { agrees = true, fails }: { agrees?: boolean; fails?: string } = {},
): Promise<{ done: boolean; printed: string; asked: string[]; imported: Deployment[] }> {
  const [asked, imported]: [string[], Deployment[]] = [[], []];
  let printed = '';
  const pulumi = {
    exportStack: () =>
      Promise.resolve({ version: 3, deployment: { secrets_providers: { type: 'p' }, resources: [old] } }),
    importStack: (next: Deployment) =>
      fails === undefined ? Promise.resolve(void imported.push(next)) : Promise.reject(new Error(fails)),
  };
  const done = await adoptObjects({ name: 'dev', pulumi }, what, {
    print: (text) => (printed += text),
    confirm: (question) => Promise.resolve((asked.push(question), agrees)),
  });
  return { done, printed, asked, imported };
}

describe('an adoption without a write', () => {
  it('shows the plan, asks, and adds to the state', async () => {
    assert.deepEqual(await run(one), {
      done: true,
      printed: `${plan}adopted: dev has 1 object more, and nothing in the cluster was changed\n`,
      asked: ['Adopt 1 object in the stack dev?'],
      imported: [{ version: 3, deployment: { secrets_providers: { type: 'p' }, resources: [old, added] } }],
    });
  });

  it('changes nothing when it is not confirmed', async () => {
    const { done, printed, imported } = await run(one, { agrees: false });
    assert.deepEqual({ done, printed, imported }, { done: false, printed: plan, imported: [] });
  });

  it('asks nothing when no object is as stated', async () => {
    assert.deepEqual(await run(adoption([])), {
      done: true,
      printed: 'Plan\n0 to adopt\n\n',
      asked: [],
      imported: [],
    });
  });

  it('says what Pulumi said when another run has the lock', async () => {
    await assert.rejects(run(one, { fails: 'error: the stack is currently locked by 1 lock(s)' }), {
      message: 'Pulumi cannot change the state of dev: the stack is currently locked by 1 lock(s)',
    });
  });
});

describe('meshwright adopt refuses', () => {
  const folder = temporaryFolder();

  it('a stack file that names no objects', () => {
    for (const adopt of ['', '  meshwright:adopt: false\n', '  meshwright:adopt: []\n']) {
      const file = folder.file(
        'Pulumi.dev.yaml',
        `config:\n  meshwright:namespaces: { shop: { existing: true } }\n${adopt}`,
      );
      assert.deepEqual(meshwright(['adopt', '--config', file]), {
        code: 2,
        stdout: '',
        stderr: `${file} names no objects to adopt. Add meshwright:adopt: true, or a list such as ["VirtualService shop/pay"].\n`,
      });
    }
  });

  it('a file that Pulumi does not read', () => {
    const file = folder.file('mesh.yaml', 'config:\n  meshwright:adopt: true\n');
    assert.deepEqual(meshwright(['adopt', '--config', file]), {
      code: 2,
      stdout: '',
      stderr: `Pulumi runs the stack mesh with ${join(process.cwd(), 'Pulumi.mesh.yaml')}, not with ${file}. Use --stack, or --lab for the lab.\n`,
    });
  });
});
