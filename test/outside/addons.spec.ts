import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labSettings, reachableAddonCharts } from '../../cli/start/lab-settings';
import { labDown, labUp } from '../../cluster/lab';
import { sample } from '../support/samples';
import { sections } from '../real/pulumi/support/bookinfo';
import { clusterOf, type Cluster } from '../real/pulumi/support/cluster';
import { RealStack } from '../real/pulumi/support/real-stack';
import { stepByStep } from '../support/step-by-step';
import { START_TIMEOUT_MS } from '../cluster/lab/support';

/** Each test depends on the ones before it, like the updates of a stack. */
describe('sample 001 with its five addons, with the real Pulumi and the real charts', function () {
  this.timeout(300_000);
  stepByStep(this);
  const root = mkdtempSync(join(tmpdir(), 'meshwright-lab-'));
  let charts: { istio: string; addons: string };
  let running: { stack: RealStack; cluster: Cluster } | undefined;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    const addons = await reachableAddonCharts(sample('001/octopus').settings);
    if (addons === undefined)
      throw new Error('The addons’ charts cannot be reached. Set ISTIO_CHARTS to a folder with them.');
    const lab = await labUp({ root, log: (line) => console.log(`      ${line}`) });
    charts = { istio: lab.charts, addons };
    running = { stack: new RealStack(lab), cluster: clusterOf(lab) };
  });

  after(async () => {
    await labDown({ root, log: () => undefined, purge: true });
    rmSync(root, { recursive: true, force: true });
    running?.stack.remove();
  });

  const there = () => {
    assert.ok(running);
    return running;
  };
  /** Deploys a state, and returns the steps that changed something. */
  const to = async (state: string): Promise<string[]> => {
    const { settings } = labSettings(sample(state).settings, charts);
    there().stack.configure(sections(settings));
    return (await there().stack.up()).filter(({ event }) => event === 'ends').map(({ op, name }) => `${op} ${name}`);
  };
  const ready = (namespace: string) =>
    there()
      .cluster.kubectl(
        'get',
        'deployments,statefulsets',
        '--namespace',
        namespace,
        '--output',
        'jsonpath={range .items[*]}{.metadata.name} {.status.readyReplicas}/{.spec.replicas}{"\\n"}{end}',
      )
      .trim()
      .split('\n')
      .sort();

  it('comes up: Istio, its gateways, the addons, Bookinfo and the Octopus sample, every pod Ready', async () => {
    const steps = await to('001/octopus');
    assert.deepEqual(
      steps.filter((step) => !step.startsWith('create ')),
      [],
    );
    assert.deepEqual(ready('istio-system'), [
      'grafana 1/1',
      'istio-egressgateway 1/1',
      'istio-ingressgateway 1/1',
      'istiod 1/1',
      'jaeger 1/1',
      'kiali 1/1',
      'prometheus 1/1',
      'zipkin-server 1/1',
    ]);
    const app = ['details-v1', 'productpage-v1', 'ratings-v1', 'reviews-v1', 'reviews-v2', 'reviews-v3'];
    const octopus = ['proxy 1/1', 'webserverv1 3/3', 'webserverv2 3/3'];
    assert.deepEqual(ready('default'), [...app.map((name) => `${name} 1/1`), ...octopus].sort());
  });

  it('changes nothing the second time', async () => {
    assert.deepEqual(await to('001/octopus'), []);
  });

  it('hands tracing and zipkin over to Zipkin in place', async () => {
    const services = () =>
      ['tracing', 'zipkin'].map((name) => there().cluster.get('service', 'istio-system', name).metadata.uid);
    const before = services();
    const steps = await to('001/zipkin-backend');
    assert.deepEqual(
      steps.filter((step) => /^(create|replace|create-replacement|delete-replaced) /.test(step)),
      [],
    );
    assert.deepEqual(services(), before);
    assert.deepEqual(there().cluster.get('service', 'istio-system', 'tracing').spec?.['selector'], {
      'app.kubernetes.io/name': 'zipkin',
      'app.kubernetes.io/instance': 'zipkin',
    });
  });

  it('goes, and leaves nothing but the namespace that was there, without its label, and the CRDs that Helm keeps', async () => {
    const { succeeded, output } = await there().stack.run('destroy');
    assert.ok(succeeded, output);
    const { cluster } = there();
    assert.deepEqual(cluster.names('namespaces', 'default').includes('istio-system'), false);
    for (const kind of ['deployments', 'virtualservices.networking.istio.io', 'gateways.networking.istio.io'])
      assert.deepEqual(cluster.names(kind, 'default'), []);
    assert.deepEqual(cluster.names('services', 'default'), ['kubernetes']);
    const labels = JSON.parse(
      cluster.kubectl('get', 'namespace', 'default', '--output', 'jsonpath={.metadata.labels}'),
    ) as object;
    assert.deepEqual(labels, { 'kubernetes.io/metadata.name': 'default' });
    const definitions = cluster
      .kubectl('get', 'customresourcedefinitions', '--output', 'name')
      .split('\n')
      .filter((line) => line.endsWith('.istio.io'));
    assert.equal(definitions.length, 15);
    const [webhooks, roles] = ['mutatingwebhookconfigurations', 'clusterroles'].map((kind) =>
      cluster.kubectl('get', kind, '--output', 'name'),
    );
    assert.equal(webhooks, '');
    assert.doesNotMatch(roles ?? '', /istio|kiali|grafana|prometheus/);
  });
});
