import assert from 'node:assert/strict';
import { appliedTo } from '../../../cli/cluster';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { GatewaySettings, StackSettings } from '../../../mesh/manifests/settings';
import { stackTraffic, trafficDiff, trafficDiffText, type TrafficInput } from '../../../mesh/traffic';
import { judgeExpectations } from '../../../mesh/traffic/expectations';

/** A stack whose only entrance is the gateway `edge`, from which alone the policy takes requests. */
function stack(edge: Partial<GatewaySettings>, v2 = 0): TrafficInput {
  const settings: StackSettings = {
    namespaces: { edge: {}, shop: { injection: true } },
    gateways: { edge: { namespace: 'edge', gateways: { shop: { shop: {} } }, ...edge } },
    apps: {
      shop: {
        namespace: 'shop',
        workloads: Object.fromEntries(
          ['v1', 'v2'].map((version) => [`cart-${version}`, { image: 'cart', labels: { app: 'cart', version } }]),
        ),
        services: { cart: { ports: [{ name: 'http', port: 80 }] } },
      },
    },
    routes: {
      shop: { cart: { gateways: ['shop'], hosts: ['*'], versions: ['v1', 'v2'], weights: { v1: 'rest', v2 } } },
    },
    objects: [
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        metadata: { name: 'cart', namespace: 'shop' },
        spec: { rules: [{ from: [{ source: { principals: ['cluster.local/ns/edge/sa/edge'] } }] }] },
      },
    ],
  };
  return stackTraffic(settings);
}

/** What Istio's gateway chart installs, as far as it matters here. */
function installed(serviceAccountName: string): KubernetesObject[] {
  const metadata = { name: 'edge', namespace: 'edge' };
  const labels = { app: 'edge', istio: 'edge' };
  const template = {
    metadata: {
      labels: { ...labels, 'sidecar.istio.io/inject': 'true' },
      annotations: { 'inject.istio.io/templates': 'gateway', 'sidecar.istio.io/inject': 'true' },
    },
    spec: { serviceAccountName, containers: [{ name: 'istio-proxy', image: 'auto' }] },
  };
  const ports = [
    { name: 'status-port', port: 15021, targetPort: 15021 },
    { name: 'http2', port: 80, targetPort: 80 },
    { name: 'https', port: 443, targetPort: 443 },
  ];
  return [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas: 1, template } },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports } },
  ];
}

function cluster(made: TrafficInput, serviceAccount: string): TrafficInput {
  const real = installed(serviceAccount);
  const isReal = ({ kind, metadata }: KubernetesObject): boolean =>
    real.some((one) => one.kind === kind && one.metadata.name === metadata.name);
  return { objects: [...made.objects.filter((object) => !isReal(object)), ...real], options: { complete: true } };
}

function verdict(input: TrafficInput): unknown {
  return judgeExpectations(input, [{ request: 'http://localhost/', to: 'cart.shop v1' }]).map(({ result }) => result);
}

describe("gateways of Istio's chart", () => {
  it('send requests with the ServiceAccount that the chart gives them', () => {
    assert.deepEqual(
      [
        {},
        { values: { serviceAccount: { name: 'other' } } },
        { values: { serviceAccount: { create: false } } },
        { install: false },
      ].map((edge) => verdict(stack(edge))),
      [['holds'], ['fails'], ['fails'], ['cannotTell']],
    );
  });

  it('are the same in a stack and in the cluster that has it', () => {
    const made = stack({});
    const before = cluster(made, 'edge');
    const compared = (after: TrafficInput): string => {
      const applied = appliedTo(before, after);
      return trafficDiffText(
        trafficDiff(before.objects, applied.objects, { before: before.options, after: applied.options }),
      );
    };
    assert.deepEqual(
      [compared(made), compared(stack({}, 10))],
      [
        'No change in traffic.',
        `*:80, from gateway edge/edge
  all requests: 10 % moves
    - cart.shop v1
    + cart.shop v1 90 %, cart.shop v2 10 %`,
      ],
    );
  });

  it('that the stack does not install stay what the cluster has', () => {
    const existing = stack({ install: false });
    assert.deepEqual(
      ['edge', 'other'].map((account) => verdict(appliedTo(cluster(existing, account), existing))),
      [['holds'], ['fails']],
    );
  });
});
