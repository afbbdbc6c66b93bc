import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StackSettings } from '../../../mesh/manifests/settings';
import { labDown, labUp, type Lab } from '../../../cluster/lab';
import { sections } from './support/bookinfo';
import { clusterOf, type Cluster } from './support/cluster';
import { RealStack } from './support/real-stack';
import { stepByStep } from '../../support/step-by-step';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';

/** An object in a stack file, with a label that distinguishes versions. */
const settings = (team: string): StackSettings => ({
  namespaces: { shop: { injection: false, labels: { team } }, default: { injection: false, labels: { team } } },
  apps: { bookinfo: { namespace: 'shop' } },
  objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'note', namespace: 'shop' }, data: { team } }],
});

/** The configuration of a run after an interrupted one. */
const recovery = { 'kubernetes:upsertExistingObjects': 'true' };

/** Each test depends on the ones before it. */
describe('objects that are in the cluster, but in no state, with the real Pulumi on a real API server', function () {
  this.timeout(600_000);
  stepByStep(this);
  const root = mkdtempSync(join(tmpdir(), 'meshwright-lab-'));
  const stacks: RealStack[] = [];
  let lab: Lab;
  let cluster: Cluster;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    lab = await labUp({ root, log: (line) => console.log(`      ${line}`) });
    cluster = clusterOf(lab);
  });

  after(async () => {
    await labDown({ root, log: () => undefined, purge: true });
    rmSync(root, { recursive: true, force: true });
    for (const stack of stacks) stack.remove();
  });

  /** The same stack with an empty state, as for objects that an interrupted update created. */
  const forgetful = (team: string, config: Record<string, unknown> = recovery): RealStack => {
    const stack = new RealStack(lab);
    stacks.push(stack);
    stack.configure({ ...sections(settings(team)), ...config });
    return stack;
  };
  const team = (): unknown[] => [
    cluster.get('namespace', 'default', 'shop').metadata.labels?.['team'],
    cluster.get('namespace', 'default', 'default').metadata.labels?.['team'],
    cluster.get('configmap', 'shop', 'note')['data'],
  ];

  it('are refused when others made them, in the preview and before they are touched', async () => {
    cluster.kubectl('create', 'namespace', 'shop');
    const stack = forgetful('first');
    for (const operation of ['preview', 'up'] as const) {
      const { succeeded, output } = await stack.run(operation);
      assert.equal(succeeded, false);
      assert.match(
        output,
        /Namespace shop exists, and this stack did not create it \(field managers: kubectl-create\)\./,
      );
    }
    assert.equal(cluster.get('namespace', 'default', 'shop').metadata.labels?.['team'], undefined);
    cluster.kubectl('delete', 'namespace', 'shop');
    await stack.up();
    assert.deepEqual(team(), ['first', 'first', { team: 'first' }]);
  });

  it('are refused without a word for it, although the same resources made them', async () => {
    const { succeeded, output } = await forgetful('first', {}).run('up');
    assert.equal(succeeded, false);
    assert.match(
      output,
      /Namespace shop exists: an interrupted update of this stack created it\. Set kubernetes:upsertExistingObjects/,
    );
  });

  it('are taken over by the resources that made them', async () => {
    const stack = forgetful('first');
    assert.deepEqual([...new Set((await stack.up()).map(({ op }) => op))], ['create']);
    assert.deepEqual(await stack.up(), []);
  });

  it('become what the stack file says now, without conflicts with their old fields', async () => {
    const stack = forgetful('second');
    await stack.up();
    assert.deepEqual(team(), ['second', 'second', { team: 'second' }]);
    stack.configure({ ...sections(settings('third')), ...recovery });
    // The provider replaces a ConfigMap whose data changes: it deletes and creates it.
    const changes = (await stack.up()).map(({ op }) => op);
    assert.deepEqual([...new Set(changes)].sort(), ['create-replacement', 'delete-replaced', 'replace', 'update']);
    assert.deepEqual(team(), ['third', 'third', { team: 'third' }]);
    assert.ok((await stack.run('destroy')).succeeded);
    assert.deepEqual(cluster.names('namespaces', 'default').includes('shop'), false);
    assert.equal(cluster.get('namespace', 'default', 'default').metadata.labels?.['team'], undefined);
  });
});
