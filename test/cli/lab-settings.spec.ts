import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reachableAddonCharts } from '../../cli/start/charts';
import { labSettings } from '../../cli/start/lab-settings';
import type { StackSettings } from '../../components/manifests/settings';

const noCaBundle = Buffer.from('the lab calls no webhook').toString('base64');
const why = 'Service type NodePort in place of LoadBalancer, since nothing here hands out addresses';

describe('labSettings', () => {
  const settings: StackSettings = {
    istio: { profile: 'demo' },
    gateways: { 'istio-ingressgateway': {}, 'istio-egressgateway': { service: { type: 'ClusterIP' } } },
    addons: {
      namespace: 'watch',
      prometheus: {},
      kiali: { service: { type: 'LoadBalancer', annotations: { a: 'b' } } },
    },
    apps: {
      octopus: { namespace: 'default' },
      mine: {
        namespace: 'default',
        workloads: { web: { image: 'nginx:1' } },
        services: { web: { ports: [{ port: 80 }], spec: { type: 'LoadBalancer' } } },
      },
    },
    namespaces: { default: {} },
  };

  it('leaves out what needs charts where there are none, and says so', () => {
    assert.deepEqual(labSettings(settings, {}), {
      settings: {
        gateways: {
          'istio-ingressgateway': { install: false },
          'istio-egressgateway': { service: { type: 'ClusterIP' }, install: false },
        },
        apps: settings.apps,
        namespaces: settings.namespaces,
      },
      notes: [
        'the Istio control plane, gateway istio-ingressgateway, gateway istio-egressgateway, addon prometheus, addon kiali: Helm releases, which take the Pulumi CLI and charts that can be reached',
      ],
    });
  });

  it('takes charts from where they are, and asks for no address: of gateways, addons and apps', () => {
    assert.deepEqual(labSettings(settings, { charts: '/charts', addonCharts: '/charts' }), {
      settings: {
        istio: {
          profile: 'demo',
          charts: { path: '/charts' },
          values: { istiod: { istiodRemote: { injectionCABundle: noCaBundle } } },
        },
        gateways: {
          'istio-ingressgateway': { service: { type: 'NodePort' } },
          'istio-egressgateway': { service: { type: 'ClusterIP' } },
        },
        addons: {
          namespace: 'watch',
          prometheus: {},
          kiali: { service: { type: 'NodePort', annotations: { a: 'b' } } },
          charts: { path: '/charts' },
        },
        apps: {
          octopus: { namespace: 'default', services: { proxy: { type: 'NodePort' } } },
          mine: {
            namespace: 'default',
            workloads: { web: { image: 'nginx:1' } },
            services: { web: { ports: [{ port: 80 }], spec: { type: 'NodePort' }, type: 'NodePort' } },
          },
        },
        namespaces: { default: {} },
      },
      notes: [
        `gateway istio-ingressgateway: ${why}`,
        `addon kiali: ${why}`,
        `app octopus, Service proxy: ${why}`,
        `app mine, Service web: ${why}`,
      ],
    });
  });

  it('leaves out the addons alone where only their charts are missing', () => {
    const { settings: local, notes } = labSettings(
      { istio: {}, addons: { certManager: {}, kiali: {}, jaeger: {}, tracing: { sampling: 1 } } },
      { charts: 'repository' },
    );
    assert.deepEqual(local.addons, { certManager: {} });
    assert.deepEqual(notes, [
      'addon jaeger, addon kiali: Helm releases, which take the Pulumi CLI and charts that can be reached',
    ]);
  });

  it('leaves a stack alone that asks for nothing that the lab lacks', () => {
    const plain = { namespaces: { a: {} }, apps: { bookinfo: { namespace: 'a' } } };
    assert.deepEqual(labSettings(plain, { charts: 'repository' }), { settings: plain, notes: [] });
  });
});

describe('reachableAddonCharts', () => {
  let folder: string;
  let server: Server;
  let repository: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meshwright-charts-'));
    mkdirSync(join(folder, 'kiali-server'));
    writeFileSync(join(folder, 'kiali-server', 'Chart.yaml'), '');
    server = createServer((request, response) => {
      response.statusCode = request.url === '/charts/index.yaml' ? 200 : 404;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    repository = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  it('is the folder, where that has the chart of every addon that is on', async () => {
    const env = { ISTIO_CHARTS: folder };
    assert.equal(await reachableAddonCharts({ addons: { kiali: {} } }, env), folder);
    const none = { charts: { repository: `${repository}/none` } };
    assert.equal(await reachableAddonCharts({ addons: { kiali: {}, jaeger: {}, ...none } }, env), undefined);
  });

  it('is the stack’s own source where that answers, or cannot be asked', async () => {
    const found = (charts: object) => reachableAddonCharts({ addons: { kiali: {}, charts } }, {});
    assert.equal(await found({ repository: `${repository}/charts/` }), 'repository');
    assert.equal(await found({ repository: `${repository}/none` }), undefined);
    assert.equal(await found({ path: './charts' }), 'repository');
    assert.equal(await reachableAddonCharts({}, {}), undefined);
  });
});
