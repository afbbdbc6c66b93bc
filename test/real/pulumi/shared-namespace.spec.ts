import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labDown, labUp, type Lab } from '../../../cluster/lab';
import { without } from '../../../mesh/json';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { StackSettings } from '../../../mesh/manifests/settings';
import { installIstioCrds } from '../../cluster/lab/istio-crds';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';
import { stepByStep } from '../../support/step-by-step';
import { sections } from './support/bookinfo';
import { clusterOf, type Cluster } from './support/cluster';
import { RealStack } from './support/real-stack';

const inShop = (apiVersion: string, kind: string, name: string, spec: object): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop' },
  spec: spec as Record<string, unknown>,
});
const subset = { name: 'v1', labels: { version: 'v1' } };

/** Each test depends on the ones before it. */
describe('a namespace that two stacks use, with the real Pulumi on a real API server', function () {
  this.timeout(600_000);
  stepByStep(this);
  const root = mkdtempSync(join(tmpdir(), 'meshwright-lab-'));
  let lab: Lab;
  let cluster: Cluster;
  let platform: RealStack;
  let team: RealStack;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    lab = await labUp({ root, log: (line) => console.log(`      ${line}`) });
    cluster = clusterOf(lab);
    await installIstioCrds(lab);
    cluster.kubectl('create', 'namespace', 'shop');
    platform = new RealStack(lab, 'platform');
    team = new RealStack(lab, 'team');
  });

  after(async () => {
    await labDown({ root, log: () => undefined, purge: true });
    rmSync(root, { recursive: true, force: true });
    for (const stack of [platform, team]) stack.remove();
  });

  const labels = (): object =>
    without({ ...cluster.get('namespace', '', 'shop').metadata.labels }, 'kubernetes.io/metadata.name');
  const annotations = (): object | undefined => cluster.get('namespace', '', 'shop').metadata.annotations;
  const ofPlatform = (own: Record<string, string>): Record<string, unknown> =>
    sections({ namespaces: { shop: { existing: true, injection: true, labels: own } } });
  const ofTeam = (note: string): Record<string, unknown> =>
    sections({ namespaces: { shop: { existing: true, injection: true, annotations: { note } } } });

  it('gets the labels and annotations of both', async () => {
    platform.configure(ofPlatform({ tier: 'gold' }));
    await platform.up();
    team.configure(ofTeam('ours'));
    await team.up();
    assert.deepEqual(labels(), { 'istio-injection': 'enabled', tier: 'gold' });
    assert.deepEqual(annotations(), { note: 'ours' });
  });

  it('has no drift for either of them', async () => {
    for (const stack of [platform, team]) {
      const steps = await stack.up({ refresh: true });
      assert.deepEqual(
        steps.filter(({ op }) => op !== 'refresh'),
        [],
      );
      assert.deepEqual(await stack.up(), []);
    }
  });

  it('can be changed by either of them', async () => {
    platform.configure(ofPlatform({ tier: 'silver' }));
    await platform.up();
    team.configure(ofTeam('mine'));
    await team.up();
    assert.deepEqual(labels(), { 'istio-injection': 'enabled', tier: 'silver' });
    assert.deepEqual(annotations(), { note: 'mine' });
  });

  it('is changed by the same field manager after a release', async () => {
    await platform.release();
    await platform.up();
    platform.configure(ofPlatform({ tier: 'bronze' }));
    await platform.up();
    assert.deepEqual(labels(), { 'istio-injection': 'enabled', tier: 'bronze' });
  });

  it('keeps what the other one states when one is destroyed', async () => {
    assert.ok((await platform.run('destroy')).succeeded);
    assert.deepEqual(labels(), { 'istio-injection': 'enabled' });
    assert.ok((await team.run('destroy')).succeeded);
    assert.deepEqual([labels(), annotations()], [{}, undefined]);
  });

  it('gets nothing from a stack that only names it', async () => {
    const before = cluster.get('namespace', '', 'shop').metadata;
    team.configure(sections({ namespaces: { shop: { existing: true } } }));
    await team.up();
    assert.deepEqual(cluster.get('namespace', '', 'shop').metadata, before);
  });

  it('may hold a route of objects beside its workloads: the pack finds them in order', async () => {
    const settings: StackSettings = {
      namespaces: { shop: { existing: true } },
      objects: [
        inShop('networking.istio.io/v1', 'VirtualService', 'till', {
          hosts: ['till'],
          http: [{ route: [{ destination: { host: 'till', subset: 'v1' } }], timeout: '2s' }],
        }),
        inShop('networking.istio.io/v1', 'DestinationRule', 'till', { host: 'till', subsets: [subset] }),
        inShop('apps/v1', 'Deployment', 'till', {
          selector: { matchLabels: { app: 'till', version: 'v1' } },
          template: {
            metadata: { labels: { app: 'till', version: 'v1' } },
            spec: { containers: [{ name: 'till', image: 'till:1', ports: [{ containerPort: 8080 }] }] },
          },
        }),
        inShop('v1', 'Service', 'till', {
          selector: { app: 'till' },
          ports: [{ name: 'http', port: 80, targetPort: 8080 }],
        }),
      ],
    };
    team.configure(sections(settings));
    const starts = (await team.up())
      .filter(({ event, name }) => event === 'starts' && name.includes(' objects-'))
      .map(({ name }) => name);
    assert.deepEqual(starts.slice(2), ['DestinationRule objects-shop/till', 'VirtualService objects-shop/till']);
    assert.deepEqual(starts.slice(0, 2).sort(), ['Deployment objects-shop/till', 'Service objects-shop/till']);
  });
});
