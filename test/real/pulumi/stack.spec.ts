import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RouteSettings, StackSettings } from '../../../mesh/manifests/settings';
import { labDown, labUp } from '../../../cluster/lab';
import { bookinfo, reviews, sections } from './support/bookinfo';
import { clusterOf, type Cluster, type LiveObject } from './support/cluster';
import { RealStack, type Step } from './support/real-stack';
import { stepByStep } from '../../support/step-by-step';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';

const istioKinds = ['destinationrules', 'virtualservices', 'gateways', 'peerauthentications'];

/** Each test depends on the ones before it, like the updates of a stack. */
describe('a stack, with the real Pulumi on a real API server', function () {
  this.timeout(300_000);
  stepByStep(this);
  const root = mkdtempSync(join(tmpdir(), 'meshwright-lab-'));
  let base: StackSettings;
  let stack: RealStack | undefined;
  let cluster: Cluster;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    const lab = await labUp({ root, log: (line) => console.log(`      ${line}`) });
    base = bookinfo(lab.charts);
    cluster = clusterOf(lab);
    // Istio's chart will install the kinds: the first preview must work with an API that has none of them.
    assert.deepEqual(cluster.names('customresourcedefinitions', 'default'), []);
    stack = new RealStack(lab);
  });

  after(async () => {
    await labDown({ root, log: () => undefined, purge: true });
    rmSync(root, { recursive: true, force: true });
    stack?.remove();
  });

  const theStack = (): RealStack => stack as RealStack;
  const configure = (settings: StackSettings): void => theStack().configure(sections(settings));
  const routed = (route: RouteSettings): StackSettings => ({
    ...base,
    routes: { bookinfo: { ...base.routes?.['bookinfo'], reviews: route } },
  });
  const route = (): LiveObject => cluster.get('virtualservice', 'bookinfo', 'reviews');

  it('refuses a bad configuration with every problem, and registers nothing', async () => {
    theStack().configure({
      ...sections(routed({ versions: ['v1', 'v3'], weights: { v1: 90, v3: 20 } })),
      'meshwright:namespaces': { bookinfo: { injektion: true } },
    });
    const { succeeded, output } = await theStack().run('up');
    assert.equal(succeeded, false);
    assert.match(output, /meshwright:routes\.bookinfo\.reviews\.weights/);
    assert.match(output, /meshwright:namespaces\.bookinfo\.injektion/);
    assert.doesNotMatch(output, /\.ts:\d+/);
    assert.deepEqual(await theStack().types(), ['pulumi:pulumi:Stack']);
  });

  it('previews itself where the API knows none of its kinds, under the policy pack', async () => {
    configure(base);
    const { succeeded, output, plan } = await theStack().run('preview');
    assert.ok(succeeded, output);
    assert.match(plan, /^\+ bookinfo: .* 3 DestinationRule, .* 2 VirtualService$/m);
  });

  it('comes up: subsets and workloads before the route to them, Istio before its objects', async () => {
    const steps = await theStack().up();
    assert.deepEqual([...new Set(steps.map(({ op }) => op))], ['create']);
    const inOrder: [string, string][] = [
      ['Namespace istio-system-namespace', 'Release istio-istio-base'],
      ['Release istio-istio-base', 'Release istio-istiod'],
      ['Release istio-istiod', 'MutatingWebhookConfigurationPatch istio-injector'],
      ['MutatingWebhookConfigurationPatch istio-injector', 'Release istio-ingressgateway-istio-ingressgateway'],
      ['MutatingWebhookConfigurationPatch istio-injector', 'Deployment bookinfo-reviews-v3'],
      ['Namespace bookinfo-namespace', 'Deployment bookinfo-reviews-v3'],
      ['Deployment bookinfo-reviews-v3', 'Route bookinfo/reviews'],
    ];
    assert.deepEqual(
      inOrder.filter(([first, next]) => !isBefore(steps, first, next)),
      [],
    );
    const versions = ['details-v1', 'productpage-v1', 'ratings-v1', 'reviews-v1', 'reviews-v2', 'reviews-v3'];
    assert.deepEqual(cluster.names('deployments', 'bookinfo'), versions);
    assert.deepEqual(weights(route()), [90, 10]);
    assert.deepEqual(labels(cluster.get('namespace', 'default', 'default'))['istio-injection'], 'enabled');
  });

  it('changes nothing when nothing changed', async () => {
    assert.deepEqual(await theStack().up(), []);
  });

  it('changes nothing when the provider has stored the webhook of the injector as it was before the patch', async () => {
    theStack().editState((resources) =>
      resources.map((resource) => {
        const { type, outputs = {} } = resource;
        if (!type.endsWith(':MutatingWebhookConfigurationPatch')) return resource;
        const { annotations, ...metadata } = outputs['metadata'] as Record<string, unknown>;
        assert.ok(annotations);
        return { ...resource, outputs: { ...outputs, metadata } };
      }),
    );
    assert.deepEqual(await theStack().up(), []);
  });

  it('keeps secrets out of its state', async () => {
    assert.equal((await theStack().state()).includes('not-to-be-seen'), false);
  });

  it('shows a changed weight as numbers before it acts', async () => {
    configure(routed(reviews({ v1: 75, v3: 25 })));
    const { succeeded, output, plan } = await theStack().run('preview');
    assert.ok(succeeded, output);
    assert.deepEqual(plan.split('\n').slice(0, 3), [
      '~ VirtualService bookinfo/reviews',
      '    spec.http[1].route[0].weight: 90 -> 75',
      '    spec.http[1].route[1].weight: 10 -> 25',
    ]);
  });

  it('refuses a step that is larger than the stack allows, in the preview and without one', async () => {
    const before = route();
    theStack().configure({ ...sections(routed(reviews({ v1: 60, v3: 40 }))), 'meshwright:policy': { maxStep: 20 } });
    for (const operation of ['preview', 'up'] as const) {
      const { succeeded, output } = await theStack().run(operation);
      assert.equal(succeeded, false, output);
      assert.match(output, /spec\.http\[1\]\.route\[1\]\.weight: .*\(weight-step-limit\)/);
      assert.doesNotMatch(output, /\.ts:\d+/);
    }
    assert.deepEqual(route(), before);
  });

  it('changes one object when one weight changes, in place', async () => {
    const before = route();
    configure(routed(reviews({ v1: 75, v3: 25 })));
    const steps = await theStack().up();
    assert.deepEqual(changes(steps), [['Route bookinfo/reviews', 'update']]);
    const after = route();
    assert.deepEqual(weights(after), [75, 25]);
    assert.equal(after.metadata.uid, before.metadata.uid);
    assert.equal(after.metadata.generation, before.metadata.generation + 1);
  });

  it('sees a change that was made by hand, and puts it right', async () => {
    const patch = [{ op: 'replace', path: '/spec/http/1/route/0/weight', value: 1 }];
    cluster.kubectl(
      'patch',
      'virtualservice',
      'reviews',
      '-n',
      'bookinfo',
      '--type=json',
      `-p=${JSON.stringify(patch)}`,
    );
    assert.deepEqual(weights(route()), [1, 25]);
    const { plan } = await theStack().run('preview', { refresh: true });
    assert.match(plan, /^~ VirtualService bookinfo\/reviews\n {4}spec\.http\[1\]\.route\[0\]\.weight: 1 -> 75\n/);
    assert.deepEqual(changes(await theStack().up({ refresh: true })), [['Route bookinfo/reviews', 'update']]);
    assert.deepEqual(weights(route()), [75, 25]);
  });

  it('takes a version away with its last route, and its workload when no route has it any more', async () => {
    const { bookinfo: app } = base.apps ?? {};
    assert.ok(app);
    const apps = { bookinfo: { ...app, workloads: { 'reviews-v3': { install: false } } } };
    configure({ ...routed({ ...reviews({ v1: 100 }), versions: ['v1', 'v2'] }), apps });
    const steps = await theStack().up();
    assert.deepEqual(changes(steps), [
      ['Deployment bookinfo-reviews-v3', 'delete'],
      ['Route bookinfo/reviews', 'update'],
    ]);
    assert.ok(isBefore(steps, 'Route bookinfo/reviews', 'Deployment bookinfo-reviews-v3'));
    assert.deepEqual(cluster.names('destinationrules', 'bookinfo'), ['reviews.v1', 'reviews.v2']);
  });

  it('brings a version back, its workload first', async () => {
    configure(routed(reviews({ v1: 90, v3: 10 })));
    const steps = await theStack().up();
    assert.deepEqual(changes(steps), [
      ['Deployment bookinfo-reviews-v3', 'create'],
      ['Route bookinfo/reviews', 'update'],
    ]);
    assert.ok(isBefore(steps, 'Deployment bookinfo-reviews-v3', 'Route bookinfo/reviews'));
    assert.deepEqual(cluster.names('destinationrules', 'bookinfo'), ['reviews.v1', 'reviews.v2', 'reviews.v3']);
    assert.deepEqual(weights(route()), [90, 10]);
  });

  it('moves an object to another API version without replacing it', async () => {
    const { uid } = route().metadata;
    configure(
      routed({ ...reviews({ v1: 90, v3: 10 }), virtualService: { apiVersion: 'networking.istio.io/v1beta1' } }),
    );
    assert.deepEqual(changes(await theStack().up()), [['Route bookinfo/reviews', 'update']]);
    assert.equal(route().metadata.uid, uid);
  });

  it('rolls the workloads of a namespace whose injection changes', async () => {
    const namespaces = { ...base.namespaces, bookinfo: { injection: false } };
    // Mutual TLS is STRICT here, so the policy refuses workloads without a proxy.
    const rules = { 'strict-without-proxy': 'off' };
    theStack().configure({ ...sections({ ...base, namespaces }), 'meshwright:policy': { rules } });
    const changed = changes(await theStack().up());
    const workloads = cluster.names('deployments', 'bookinfo').map((name) => [`Deployment bookinfo-${name}`, 'update']);
    // The route goes back to the API version of before the previous test.
    const others = [
      ['Namespace bookinfo-namespace', 'update'],
      ['Route bookinfo/reviews', 'update'],
    ];
    assert.deepEqual(changed, [...others, ...workloads].sort());
    assert.equal(cluster.get('deployment', 'bookinfo', 'details-v1').metadata.generation, 2);
  });

  it('removes exactly the objects of a route that left the configuration', async () => {
    const { productpage } = base.routes?.['bookinfo'] ?? {};
    configure({ ...base, routes: { bookinfo: { ...(productpage === undefined ? {} : { productpage }) } } });
    const changed = changes(await theStack().up());
    assert.deepEqual(
      changed.filter(([name, op]) => op === 'delete' || name.startsWith('Route ')),
      [['Route bookinfo/reviews', 'delete']],
    );
    assert.deepEqual(
      ['destinationrules', 'virtualservices'].flatMap((kind) => cluster.names(kind, 'bookinfo')),
      ['productpage'],
    );
  });

  it('goes without a trace, but leaves the namespace that was there and the CRDs', async () => {
    const { succeeded, output } = await theStack().run('destroy');
    assert.ok(succeeded, output);
    assert.deepEqual(await theStack().types(), []);
    const namespaces = cluster.names('namespaces', 'default').filter((name) => !name.startsWith('kube-'));
    assert.deepEqual(namespaces, ['default']);
    assert.equal(labels(cluster.get('namespace', 'default', 'default'))['istio-injection'], undefined);
    assert.deepEqual(
      istioKinds.flatMap((kind) => cluster.names(kind, 'bookinfo')),
      [],
    );
  });

  it('comes up again', async () => {
    configure(base);
    const ops = (await theStack().up()).map(({ op }) => op);
    assert.deepEqual([...new Set(ops)], ['create']);
  });
});

/** The changes, sorted by name, without reads. */
function changes(steps: Step[]): [string, string][] {
  return steps
    .filter(({ event, op }) => event === 'ends' && op !== 'refresh')
    .map(({ name, op }): [string, string] => [name, op])
    .sort();
}

/** Whether `first` ended before `next` started. */
function isBefore(steps: Step[], first: string, next: string): boolean {
  const ended = steps.findIndex(({ name, event }) => name === first && event === 'ends');
  const begun = steps.findIndex(({ name, event }) => name === next && event === 'starts');
  return ended >= 0 && begun >= 0 && ended < begun;
}

/** Weights of the rule for all requests. */
function weights({ spec }: LiveObject): unknown[] {
  const { http } = spec as { http: { route: { weight: number }[] }[] };
  return http.at(-1)?.route.map(({ weight }) => weight) ?? [];
}

function labels({ metadata }: LiveObject): Record<string, string> {
  return metadata.labels ?? {};
}
