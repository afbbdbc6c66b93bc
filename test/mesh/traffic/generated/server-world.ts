import type { KubernetesObject } from '../../../../mesh/manifests/kubernetes';
import type { Proxy } from '../../../../mesh/traffic/request';

/** A mesh of pods with sidecars, in which generated policies are tried: the same for every set. */

export const serverMeshConfig = { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } };

/** Port of the gateway, in its Service and its pod. */
export const serverGatewayPort = 8080;
const serverGatewayLabels = { istio: 'ingressgateway' };

interface App {
  /** Of the Deployment and of its label `app`, followed by the version. */
  name: string;
  namespace: string;
  version: string;
  sidecar: boolean;
  ports: number[];
}

/** One application of `beta` has no sidecar. */
const apps: App[] = [
  { name: 'alpha', namespace: 'shop', version: 'v1', sidecar: true, ports: [9080, 9081] },
  { name: 'alpha', namespace: 'shop', version: 'v2', sidecar: true, ports: [9080, 9081] },
  { name: 'beta', namespace: 'shop', version: 'v1', sidecar: true, ports: [9080] },
  { name: 'beta', namespace: 'shop', version: 'v2', sidecar: false, ports: [9080] },
  { name: 'store', namespace: 'shop', version: 'v1', sidecar: true, ports: [9082] },
  { name: 'gamma', namespace: 'depot', version: 'v1', sidecar: true, ports: [9080, 9081] },
  { name: 'web', namespace: 'shop', version: 'v1', sidecar: true, ports: [9080] },
  { name: 'batch', namespace: 'depot', version: 'v1', sidecar: true, ports: [9080] },
];

/** Services of these applications; the others only send. */
const serverServices: { name: string; namespace: string; ports: Record<string, [number, number]> }[] = [
  { name: 'alpha', namespace: 'shop', ports: { 'http-80': [80, 9080], 'http-18081': [18081, 9081] } },
  { name: 'beta', namespace: 'shop', ports: { 'http-80': [80, 9080] } },
  { name: 'store', namespace: 'shop', ports: { 'tcp-store': [9000, 9082] } },
  { name: 'gamma', namespace: 'depot', ports: { 'http-80': [80, 9080], 'http-18081': [18081, 9081] } },
];

/** Who sends: two sidecars of different namespaces, a client without one, and clients of the gateway. */
export type Sender = 'web' | 'batch' | 'plain' | 'gateway';

export const senders: Record<Sender, Proxy> = {
  web: { type: 'sidecar', namespace: 'shop', labels: { app: 'web', version: 'v1' }, serviceAccount: 'web' },
  batch: { type: 'sidecar', namespace: 'depot', labels: { app: 'batch', version: 'v1' }, serviceAccount: 'batch' },
  plain: { type: 'none', namespace: 'legacy', labels: {} },
  gateway: { type: 'gateway', namespace: 'gateways', labels: serverGatewayLabels, serviceAccount: 'ingress' },
};

const namespace = (name: string, labels?: Record<string, string>): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, ...(labels && { labels }) },
});

const account = (name: string, ofNamespace: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: ofNamespace },
});

function deployment({ name, namespace: ofNamespace, version, sidecar, ports }: App): KubernetesObject {
  const labels = { app: name, version };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `${name}-${version}`, namespace: ofNamespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels: { ...labels, ...(sidecar ? {} : { 'sidecar.istio.io/inject': 'false' }) } },
        spec: {
          serviceAccountName: name,
          containers: [
            { name: 'app', image: 'app.test/echo:1', ports: ports.map((containerPort) => ({ containerPort })) },
          ],
        },
      },
    },
  };
}

const gatewayObjects: KubernetesObject[] = [
  account('ingress', 'gateways'),
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'ingress', namespace: 'gateways' },
    spec: {
      selector: { matchLabels: serverGatewayLabels },
      template: {
        metadata: {
          labels: { ...serverGatewayLabels, 'sidecar.istio.io/inject': 'true' },
          annotations: { 'inject.istio.io/templates': 'gateway' },
        },
        spec: {
          serviceAccountName: 'ingress',
          containers: [{ name: 'istio-proxy', image: 'auto', ports: [{ containerPort: serverGatewayPort }] }],
        },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'ingress', namespace: 'gateways' },
    spec: {
      selector: serverGatewayLabels,
      ports: [{ name: 'http', port: serverGatewayPort, targetPort: serverGatewayPort }],
    },
  },
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'gw', namespace: 'gateways' },
    spec: {
      selector: serverGatewayLabels,
      servers: [{ port: { number: serverGatewayPort, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
    },
  },
];

export const serverWorld: KubernetesObject[] = [
  ...['shop', 'depot', 'gateways'].map((name) => namespace(name, { 'istio-injection': 'enabled' })),
  namespace('legacy'),
  ...[...new Map(apps.map((app) => [app.name, account(app.name, app.namespace)])).values()],
  ...serverServices.map(({ name, namespace: ofNamespace, ports }): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: ofNamespace },
    spec: {
      selector: { app: name },
      ports: Object.entries(ports).map(([portName, [port, targetPort]]) => ({ name: portName, port, targetPort })),
    },
  })),
  ...apps.map(deployment),
  ...gatewayObjects,
];
