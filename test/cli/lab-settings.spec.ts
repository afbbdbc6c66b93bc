import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labSettings, reachableAddonCharts } from '../../cli/start/lab-settings';
import type { StackSettings } from '../../mesh/manifests/settings';

const why = 'Service type NodePort instead of LoadBalancer, since the lab has no load balancer';

describe('labSettings', () => {
  let istio: string;
  before(() => {
    istio = mkdtempSync(join(tmpdir(), 'meshwright-charts-'));
    mkdirSync(join(istio, 'base'));
    writeFileSync(join(istio, 'base', 'Chart.yaml'), 'name: base\nversion: 1.31.0\n');
  });
  after(() => rmSync(istio, { recursive: true }));

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

  it('uses available charts, and requests no address for gateways, addons and apps', () => {
    assert.deepEqual(labSettings(settings, { istio, addons: '/charts' }), {
      settings: {
        istio: { profile: 'demo', version: '1.31.0', charts: { path: istio } },
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
        "Istio: the lab's version 1.31.0 instead of 1.30.3",
        `gateway istio-ingressgateway: ${why}`,
        `addon kiali: ${why}`,
        `app octopus, Service proxy: ${why}`,
        `app mine, Service web: ${why}`,
      ],
    });
  });

  it('leaves out addons whose charts or provider are not available, and says why', () => {
    const gateways = {
      edge: { service: { type: 'NodePort' }, certificate: { dnsNames: ['a'], secretName: 'b' } },
    } as const;
    const { settings: local, notes } = labSettings(
      {
        addons: { certManager: {}, kiali: {}, jaeger: {}, tracing: { sampling: 1 }, namespace: 'watch' },
        gateways,
      } as never,
      { istio },
    );
    assert.deepEqual(local, { addons: { namespace: 'watch' }, gateways: { edge: { service: { type: 'NodePort' } } } });
    assert.deepEqual(notes, [
      'gateway edge, certificate: left out, since the lab has no cert-manager',
      'addon certManager: left out, since its Pulumi provider is not part of the lab',
      'addon jaeger, addon kiali: left out, since the chart repository does not answer',
    ]);
  });

  it('does not change a stack that needs nothing the lab lacks', () => {
    const plain = { namespaces: { a: {} }, apps: { bookinfo: { namespace: 'a' } } };
    assert.deepEqual(labSettings(plain, { istio }), { settings: plain, notes: [] });
    const own = { istio: { version: '1.30.3', charts: { path: './charts' } } };
    assert.deepEqual(labSettings(own, { istio }), { settings: own, notes: [] });
    const same = labSettings({ istio: { version: '1.31.0' } }, { istio });
    assert.deepEqual(same, { settings: { istio: { version: '1.31.0', charts: { path: istio } } }, notes: [] });
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

  it('is the folder if it has the charts of all enabled addons', async () => {
    const env = { ISTIO_CHARTS: folder };
    assert.equal(await reachableAddonCharts({ addons: { kiali: {} } }, env), folder);
    const none = { charts: { repository: `${repository}/none` } };
    assert.equal(await reachableAddonCharts({ addons: { kiali: {}, jaeger: {}, ...none } }, env), undefined);
  });

  it('is the stack’s own source if it answers, or cannot be asked', async () => {
    const found = (charts: object) => reachableAddonCharts({ addons: { kiali: {}, charts } }, {});
    assert.equal(await found({ repository: `${repository}/charts/` }), 'repository');
    assert.equal(await found({ repository: `${repository}/none` }), undefined);
    assert.equal(await found({ path: './charts' }), 'repository');
    assert.equal(await reachableAddonCharts({}, {}), undefined);
  });
});
