import { gatewayPodLabels } from '../gateway-workload';
import { defined, type KubernetesObject, type Rendered } from '../kubernetes';
import type { GatewaySettings } from '../settings';
import {
  type AddonContext,
  type AddonName,
  jaegerUiPort,
  ownsTracing,
  prometheusPort,
  zipkinPort,
  zipkinServer,
} from './catalog';
import { grafanaPort, kialiPort } from './dashboards';
import type { AddonGatewaySettings, AddonIngressSettings } from './settings';

/** Default of an addon's `gateway.gateway`. */
export const defaultGateway = 'istio-ingressgateway';

interface Backend {
  service: string;
  port: number;
}

/** Service and port of an addon's web page. */
export function webBackend(name: AddonName, { addons }: AddonContext): Backend {
  switch (name) {
    case 'prometheus':
      return { service: 'prometheus', port: prometheusPort };
    case 'grafana':
      return { service: 'grafana', port: grafanaPort };
    case 'kiali':
      return { service: 'kiali', port: kialiPort };
    case 'jaeger':
      return ownsTracing(name, addons) ? { service: 'tracing', port: 80 } : { service: 'jaeger', port: jaegerUiPort };
    case 'zipkin':
      return ownsTracing(name, addons) ? { service: 'tracing', port: 80 } : { service: zipkinServer, port: zipkinPort };
  }
}

/** The objects that expose an addon outside the cluster, as its settings ask. */
export function exposure(
  name: AddonName,
  context: AddonContext,
  gateways: Record<string, GatewaySettings>,
): Rendered[] {
  const { ingress, gateway } = context.addons[name] ?? {};
  const backend = webBackend(name, context);
  const origin = `meshwright:addons.${name}`;
  return [
    ...(ingress === undefined
      ? []
      : [{ object: ingressObject(name, ingress, backend, context.namespace), origin: `${origin}.ingress` }]),
    ...(gateway === undefined
      ? []
      : gatewayObjects(name, gateway, backend, context.namespace, gateways).map((object) => ({
          object,
          origin: `${origin}.gateway`,
        }))),
  ];
}

function ingressObject(
  addon: AddonName,
  { name, host, className, tlsSecret, annotations }: AddonIngressSettings,
  { service, port }: Backend,
  namespace: string,
): KubernetesObject {
  const path = { path: '/', pathType: 'Prefix', backend: { service: { name: service, port: { number: port } } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: defined({ name: name ?? `${addon}-ingress`, namespace, annotations }),
    spec: defined({
      ingressClassName: className,
      rules: [{ host, http: { paths: [path] } }],
      tls: tlsSecret === undefined ? undefined : [{ hosts: [host], secretName: tlsSecret }],
    }),
  };
}

function gatewayObjects(
  addon: AddonName,
  { host, gateway = defaultGateway, credentialName, insecure }: AddonGatewaySettings,
  { service, port }: Backend,
  namespace: string,
  gateways: Record<string, GatewaySettings>,
): KubernetesObject[] {
  const apiVersion = 'networking.istio.io/v1';
  const metadata = { name: `${addon}-gateway`, namespace };
  const server =
    insecure === true
      ? { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: [host] }
      : {
          port: { number: 443, name: 'https', protocol: 'HTTPS' },
          hosts: [host],
          tls: { mode: 'SIMPLE', credentialName },
        };
  return [
    {
      apiVersion,
      kind: 'Gateway',
      metadata,
      spec: { selector: gatewayPodLabels(gateway, gateways[gateway] ?? {}), servers: [server] },
    },
    {
      apiVersion,
      kind: 'VirtualService',
      metadata,
      spec: {
        hosts: [host],
        gateways: [metadata.name],
        http: [{ route: [{ destination: { host: service, port: { number: port } } }] }],
      },
    },
  ];
}
