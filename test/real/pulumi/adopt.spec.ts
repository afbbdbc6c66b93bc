import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labDown, labUp, type Lab } from '../../../cluster/lab';
import { apiGroup, objectTitle, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { renderMesh } from '../../../mesh/manifests/mesh';
import type { StackSettings } from '../../../mesh/manifests/settings';
import { without } from '../../../mesh/json';
import { installIstioCrds } from '../../cluster/lab/istio-crds';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';
import { stepByStep } from '../../support/step-by-step';
import { sections } from './support/bookinfo';
import { clusterOf, type Cluster, type LiveObject } from './support/cluster';
import { RealStack, type Ran } from './support/real-stack';

const labels = (version: string) => ({ app: 'till', version });
const deployment = (version: string): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: `till-${version}`, namespace: 'shop', labels: { app: 'till' } },
  spec: {
    selector: { matchLabels: labels(version) },
    template: {
      metadata: { labels: labels(version) },
      spec: { containers: [{ name: 'till', image: 'till:1', ports: [{ containerPort: 8080 }] }] },
    },
  },
});
const inShop = (apiVersion: string, kind: string, name: string, fields: object): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop' },
  ...fields,
});

/** A mesh that kubectl has deployed. */
const shop: StackSettings = {
  namespaces: { shop: { existing: true, injection: true } },
  gateways: { edge: { install: false, gateways: { shop: { public: {} } } } },
  routes: {
    shop: {
      till: {
        gateways: ['public'],
        hosts: ['till.example.com'],
        versions: ['v1', 'v2'],
        weights: { v1: 90, v2: 10 },
      },
    },
  },
  objects: [
    deployment('v1'),
    deployment('v2'),
    inShop('v1', 'Service', 'till', {
      spec: { selector: { app: 'till' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    }),
    inShop('v1', 'ServiceAccount', 'till', {}),
    inShop('v1', 'ConfigMap', 'till', { data: { currency: 'EUR' } }),
    inShop('v1', 'Secret', 'till', { type: 'Opaque', data: { token: 'YWJj' } }),
    inShop('networking.istio.io/v1', 'ServiceEntry', 'bank', {
      spec: {
        hosts: ['bank.example.com'],
        location: 'MESH_EXTERNAL',
        resolution: 'DNS',
        ports: [{ number: 443, name: 'tls', protocol: 'TLS' }],
      },
    }),
    inShop('security.istio.io/v1', 'PeerAuthentication', 'default', { spec: { mtls: { mode: 'PERMISSIVE' } } }),
  ],
  policy: { externals: { workloads: ['*'], gateways: ['*'] } },
} as StackSettings;

const objectsOf = (settings: StackSettings): KubernetesObject[] => {
  const { existingNamespaces, objects } = renderMesh(settings);
  return [...existingNamespaces, ...objects].map(({ object }) => object);
};

/** Each test depends on the ones before it. */
describe('objects that others have deployed, with the real Pulumi on a real API server', function () {
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
    await installIstioCrds(lab);
  });

  after(async () => {
    await labDown({ root, log: () => undefined, purge: true });
    rmSync(root, { recursive: true, force: true });
    for (const stack of stacks) stack.remove();
  });

  const stackOf = (name: string): RealStack => {
    const stack = new RealStack(lab, name);
    stacks.push(stack);
    return stack;
  };
  const kubectlApply = (objects: readonly KubernetesObject[], ...flags: string[]): void => {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    execFileSync(lab.kubectl, ['apply', ...flags, '-f', '-'], { env: lab.env, input });
  };
  const live = (object: KubernetesObject): LiveObject => {
    const group = apiGroup(object.apiVersion);
    return cluster.get(
      group === '' ? object.kind : `${object.kind}.${group}`,
      object.metadata.namespace ?? 'default',
      object.metadata.name,
    );
  };
  const versions = (objects: readonly KubernetesObject[]): Record<string, string> =>
    Object.fromEntries(
      objects.map((object) => {
        const { resourceVersion } = live(object).metadata as unknown as { resourceVersion: string };
        return [objectTitle(object), resourceVersion];
      }),
    );
  /** The objects without metadata and status, and the names of the pods. */
  const contents = (objects: readonly KubernetesObject[]): unknown[] => [
    ...objects.map((object) => {
      return without(live(object), 'metadata', 'status');
    }),
    cluster.names('pods', 'shop'),
  ];
  /** The resources of a run by operation, without components, providers and the stack. */
  const operations = (events: Ran['events']): Record<string, string[]> => {
    const found: Record<string, string[]> = {};
    for (const { resOutputsEvent } of events) {
      const { op = '', urn = '', type = '' } = resOutputsEvent?.metadata ?? {};
      const isObject = /^kubernetes:|^meshwright-routes:/.test(type);
      if (!isObject || op === 'same') continue;
      found[op] = [...(found[op] ?? []), urn.split('::').slice(3).join('::')].sort();
    }
    return found;
  };
  const adopting = (settings: StackSettings, adopt: boolean | string[] = true): Record<string, unknown> =>
    sections({ ...settings, adopt });
  const isRoute = (title: string): boolean => /^(VirtualService|DestinationRule) /.test(title);
  const resources = [
    'edge-shop/public',
    'objects-shop/bank',
    'objects-shop/default',
    ...['till', 'till', 'till', 'till', 'till-v1', 'till-v2'].map((name) => `objects-shop/${name}`),
    'shop/till',
  ];
  let originally: Record<string, string>;
  let said: unknown[];
  let stack: RealStack;

  it('are refused in the preview, each with the line that adopts it', async () => {
    kubectlApply(objectsOf(shop));
    for (const version of ['v1', 'v2'])
      cluster.kubectl('wait', '--for=condition=Available', '--timeout=60s', '-n', 'shop', `deployment/till-${version}`);
    originally = versions(objectsOf(shop));
    said = contents(objectsOf(shop));
    stack = stackOf('shop');
    stack.configure(sections(shop));
    const { succeeded, output } = await stack.run('preview');
    assert.equal(succeeded, false);
    assert.match(
      output,
      /(\w+ shop\/[\w.-]+) exists, and this stack did not create it \(field managers: .*kubectl-client-side-apply\)\.\nTo take it over: meshwright:adopt: \[\"\1\"\], or true for all\./,
    );
  });

  it('are imported in the preview of a stack that adopts them, and do not change', async () => {
    stack.configure(adopting(shop));
    const { succeeded, output, events, plan } = await stack.run('preview');
    assert.ok(succeeded, output);
    assert.deepEqual(operations(events), { create: ['shop-labels'], import: resources, update: resources });
    const [counts, ...lines] = plan.trimEnd().split('\n').reverse();
    assert.deepEqual(lines.sort(), [
      '+ Namespace shop (labels and annotations)',
      ...objectsOf(shop)
        .filter(({ kind }) => kind !== 'Namespace')
        .map((object) => `= ${objectTitle(object)}`)
        .sort(),
    ]);
    assert.equal(counts, '12 to adopt, 1 to create, 0 to change, 0 to remove, 0 unchanged');
    assert.deepEqual(versions(objectsOf(shop)), originally);
  });

  it('become those of the stack: routes are not written, other objects get only a field manager, and no pod restarts', async () => {
    const { succeeded, output, events } = await stack.run('up');
    assert.ok(succeeded, output);
    assert.deepEqual(operations(events), { create: ['shop-labels'], import: resources, update: resources });
    const routes = (all: Record<string, string>): [string, string][] =>
      Object.entries(all).filter(([title]) => isRoute(title));
    assert.deepEqual(routes(versions(objectsOf(shop))), routes(originally));
    assert.deepEqual(contents(objectsOf(shop)), said);
  });

  it('change no more in a second update, with adopt in the stack file and without', async () => {
    const after = versions(objectsOf(shop));
    assert.deepEqual(await stack.up(), []);
    stack.configure(sections(shop));
    assert.deepEqual(await stack.up(), []);
    assert.deepEqual(versions(objectsOf(shop)), after);
  });

  it('are changed by the stack from then on, also where others had set a field', async () => {
    const [first, ...others] = shop.objects ?? [];
    const changed: StackSettings = {
      ...shop,
      routes: { shop: { till: { ...shop.routes?.['shop']?.['till'], weights: { v1: 75, v2: 25 } } } },
      objects: [{ ...deployment('v1'), metadata: { name: 'till-v1', namespace: 'shop' } }, ...others],
    };
    assert.ok(first);
    stack.configure(sections(changed));
    const { succeeded, output, plan } = await stack.run('up');
    assert.ok(succeeded, output);
    assert.match(plan, /2 to change|0 to create, 2/);
    assert.equal(live(deployment('v1')).metadata.labels, undefined);
    const route = live({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'till', namespace: 'shop' },
    });
    assert.deepEqual(
      (route.spec as { http: { route: { weight: number }[] }[] }).http[0]?.route.map(({ weight }) => weight),
      [75, 25],
    );
    stack.configure(sections(shop));
    assert.ok((await stack.run('up')).succeeded);
  });

  it('are left by a release, and adopted again by the next update', async () => {
    const after = versions(objectsOf(shop));
    assert.match(await stack.release(), /^released: the cluster keeps 13 objects, and shop has none$/m);
    assert.deepEqual(await stack.types(), []);
    assert.deepEqual(versions(objectsOf(shop)), after);
    stack.configure(adopting(shop));
    const { succeeded, output, events } = await stack.run('up');
    assert.ok(succeeded, output);
    assert.deepEqual(operations(events).import, resources);
    // The stack labels its namespace again, with the same labels.
    const others = objectsOf(shop).filter(({ kind }) => kind !== 'Namespace');
    assert.deepEqual({ ...after, ...versions(others) }, after);
    assert.deepEqual(contents(objectsOf(shop)), said);
  });

  it('can be applied by kubectl after a release, and nothing changes', async () => {
    await stack.release();
    kubectlApply(objectsOf(shop), '--server-side');
    assert.deepEqual(contents(objectsOf(shop)), said);
    stack.configure(adopting(shop));
    await stack.up();
    assert.deepEqual(contents(objectsOf(shop)), said);
  });

  it('are not taken from Helm and Flux, and stay', async () => {
    const note: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'note', namespace: 'default' },
      data: { a: '1' },
    };
    const marked = (metadata: object): KubernetesObject => ({ ...note, metadata: { ...note.metadata, ...metadata } });
    const settings: StackSettings = { namespaces: { default: {} }, objects: [note] };
    const other = stackOf('other');
    for (const [metadata, words] of [
      [{ annotations: { 'meta.helm.sh/release-name': 'notes' } }, /belongs to the Helm release \/notes/],
      [{ labels: { 'kustomize.toolkit.fluxcd.io/name': 'notes' } }, /Flux applies it \(notes\)/],
    ] as const) {
      kubectlApply([marked(metadata)]);
      other.configure(adopting(settings));
      const { succeeded, output } = await other.run('up');
      assert.equal(succeeded, false);
      assert.match(output, words);
      cluster.kubectl('delete', 'configmap', 'note', '-n', 'default');
    }
  });

  it('are deleted with the stack, and namespaces that it only labels stay', async () => {
    assert.ok((await stack.run('destroy')).succeeded);
    assert.deepEqual(cluster.names('deployments,services,virtualservices,destinationrules', 'shop'), []);
    assert.ok(cluster.names('namespaces', 'default').includes('shop'));
  });

  describe('Helm releases that helm installed', () => {
    const releases = ['Release istio-system/istio-base', 'Release istio-system/istiod', 'Release edge/gateway'];
    const space = (): Record<string, { existing: true }> => ({
      'istio-system': { existing: true },
      edge: { existing: true },
    });
    const mesh = (charts: string): StackSettings => ({
      istio: { charts: { path: charts } },
      namespaces: space(),
      gateways: { gateway: { namespace: 'edge', service: { type: 'NodePort' } } },
    });
    const helmState = (namespace: string, name: string): string[] =>
      cluster
        .kubectl(
          'get',
          'secrets',
          '-n',
          namespace,
          '-l',
          `owner=helm,name=${name}`,
          '-o',
          'jsonpath={range .items[*]}{.metadata.labels.version} {.metadata.labels.status}{"\\n"}{end}',
        )
        .split('\n')
        .filter((line) => line !== '');
    const workloads = (): Record<string, string> =>
      Object.fromEntries(
        (
          [
            ['istio-system', 'istiod'],
            ['edge', 'gateway'],
          ] as const
        ).flatMap(([namespace, name]) =>
          ['deployment', 'service'].map((kind) => {
            const { uid, generation } = cluster.get(kind, namespace, name).metadata;
            return [`${kind} ${namespace}/${name}`, `${uid} ${generation}`];
          }),
        ),
      );
    let installed: Record<string, string>;

    before(async () => {
      for (const namespace of Object.keys(space())) cluster.kubectl('create', 'namespace', namespace);
      // Helm's own code, in Pulumi's provider, whose state is then emptied.
      stack = stackOf('mesh');
      stack.configure(sections(mesh(lab.charts)));
      await stack.up();
      await stack.release();
      installed = workloads();
    });

    it('are refused, each with the line that adopts it', async () => {
      const { succeeded, output } = await stack.run('preview');
      assert.equal(succeeded, false);
      assert.match(
        output,
        /Release istio-system\/istio-base exists, and this stack did not install it\.\nTo take it over: meshwright:adopt: \["Release istio-system\/istio-base"\], or true for all\./,
      );
    });

    it('are imported and upgraded in place: nothing is replaced, and nothing restarts', async () => {
      stack.configure(adopting(mesh(lab.charts), releases));
      const names = ['gateway-gateway', 'istio-istio-base', 'istio-istiod'];
      const expected = { create: ['istio-injector'], import: names, update: names };
      const preview = await stack.run('preview');
      assert.ok(preview.succeeded, preview.output);
      assert.deepEqual(operations(preview.events), expected);
      const { succeeded, output, events } = await stack.run('up');
      assert.ok(succeeded, output);
      assert.deepEqual(operations(events), expected);
      assert.deepEqual(helmState('istio-system', 'istiod'), ['1 superseded', '2 deployed']);
      assert.deepEqual(workloads(), installed);
      assert.deepEqual(await stack.up(), []);
    });

    it('are upgraded by Pulumi when the version changes', async () => {
      const charts = join(root, 'charts');
      cpSync(lab.charts, charts, { recursive: true });
      for (const chart of ['base', 'istiod', 'gateway']) {
        const file = join(charts, chart, 'Chart.yaml');
        writeFileSync(file, readFileSync(file, 'utf8').replace(/^version: .*$/m, 'version: 9.9.9'));
      }
      stack.configure(sections(mesh(charts)));
      const { succeeded, output, events } = await stack.run('up');
      assert.ok(succeeded, output);
      assert.deepEqual(Object.keys(operations(events)), ['update']);
      assert.deepEqual(helmState('istio-system', 'istiod'), ['1 superseded', '2 superseded', '3 deployed']);
      assert.equal(
        cluster.get('deployment', 'istio-system', 'istiod').metadata.labels?.['helm.sh/chart'],
        'istiod-9.9.9',
      );
      assert.deepEqual(
        Object.entries(workloads()).map(([title, id]) => [title, id.split(' ')[0]]),
        Object.entries(installed).map(([title, id]) => [title, id.split(' ')[0]]),
      );
    });

    it('of an addon are imported and upgraded like those of Istio', async () => {
      const charts = join(root, 'addon-charts');
      const chartOf = (version: string): void => {
        mkdirSync(join(charts, 'prometheus', 'templates'), { recursive: true });
        writeFileSync(
          join(charts, 'prometheus', 'Chart.yaml'),
          `{ apiVersion: v2, name: prometheus, version: ${version} }`,
        );
        const config =
          'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: scrape }\ndata: { chart: "{{ .Chart.Version }}" }\n';
        writeFileSync(join(charts, 'prometheus', 'templates', 'config.yaml'), config);
      };
      const settings: StackSettings = {
        namespaces: { metrics: { existing: true } },
        addons: { namespace: 'metrics', charts: { path: charts }, prometheus: {} },
      };
      const scrape = () => {
        const { metadata, ...rest } = cluster.get('configmap', 'metrics', 'scrape');
        return { uid: metadata.uid, data: (rest as { data?: unknown }).data };
      };
      cluster.kubectl('create', 'namespace', 'metrics');
      chartOf('1.0.0');
      const addons = stackOf('addons');
      addons.configure(sections(settings));
      await addons.up();
      await addons.release();
      const { uid } = scrape();
      assert.match((await addons.run('preview')).output, /Release metrics\/prometheus exists/);
      addons.configure(adopting(settings, ['Release metrics/prometheus']));
      const { succeeded, output, events } = await addons.run('up');
      assert.ok(succeeded, output);
      assert.deepEqual(operations(events), { import: ['addons-prometheus'], update: ['addons-prometheus'] });
      assert.deepEqual(scrape(), { uid, data: { chart: '1.0.0' } });
      assert.deepEqual(await addons.up(), []);
      chartOf('1.1.0');
      addons.configure(sections(settings));
      assert.deepEqual(Object.keys(operations((await addons.run('up')).events)), ['update']);
      assert.deepEqual(scrape(), { uid, data: { chart: '1.1.0' } });
      assert.deepEqual(helmState('metrics', 'prometheus'), ['1 superseded', '2 superseded', '3 deployed']);
    });

    it('are created over the objects that istioctl installed', async () => {
      await stack.release();
      asIstioctlLeavesIt(cluster, 'istio-system', 'istiod', 'Pilot');
      const { uid } = cluster.get('deployment', 'istio-system', 'istiod').metadata;
      const others = releases.filter((title) => title !== 'Release istio-system/istiod');
      stack.configure(adopting(mesh(lab.charts), others));
      const refused = await stack.run('preview');
      assert.match(refused.output, /Release istio-system\/istiod: \d+ objects that istioctl installed exist\./);
      stack.configure(adopting(mesh(lab.charts), releases));
      const { succeeded, output, events } = await stack.run('up');
      assert.ok(succeeded, output);
      assert.deepEqual(operations(events), {
        create: ['istio-injector', 'istio-istiod'],
        import: ['gateway-gateway', 'istio-istio-base'],
        update: ['gateway-gateway', 'istio-istio-base'],
      });
      assert.equal(cluster.get('deployment', 'istio-system', 'istiod').metadata.uid, uid);
      assert.deepEqual(helmState('istio-system', 'istiod'), ['1 deployed']);
      assert.deepEqual(await stack.up(), []);
    });
  });
});

/** Turns a Helm release into an installation of istioctl: the same objects with the label of their component, and no release. */
function asIstioctlLeavesIt(cluster: Cluster, namespace: string, name: string, component: string): void {
  cluster.kubectl('delete', 'secrets', '-n', namespace, '-l', `owner=helm,name=${name}`);
  const kinds =
    'serviceaccounts,configmaps,services,deployments,hpa,pdb,roles,rolebindings,clusterroles,clusterrolebindings,mutatingwebhookconfigurations,validatingwebhookconfigurations,validatingadmissionpolicies,validatingadmissionpolicybindings';
  const all = JSON.parse(cluster.kubectl('get', kinds, '--all-namespaces', '--output', 'json')) as {
    items: KubernetesObject[];
  };
  const own = all.items.filter(({ metadata }) => metadata.annotations?.['meta.helm.sh/release-name'] === name);
  assert.ok(own.length > 10);
  for (const { kind, apiVersion, metadata } of own) {
    const group = apiGroup(apiVersion);
    const id = [`${kind}${group === '' ? '' : `.${group}`}`, metadata.name, '-n', metadata.namespace ?? 'default'];
    cluster.kubectl('annotate', ...id, 'meta.helm.sh/release-name-', 'meta.helm.sh/release-namespace-');
    cluster.kubectl('label', ...id, '--overwrite', `operator.istio.io/component=${component}`);
  }
}
