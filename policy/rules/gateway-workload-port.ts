import type { MeshGateway, MeshModel } from '../../mesh/model/mesh-model';
import { hasLabels } from '../../mesh/model/workload-index';
import { type KnownGatewayWorkload, knownGatewayWorkloads } from '../model/clients';
import { formatLabels } from '../../mesh/model/endpoints';
import { type CheckOptions, examples, type Rule, type Violation } from '../rule';

/**
 * Gateway workloads often come from Helm releases, which no object shows. So a selector without pods is reported only when the gateway workloads are known: by the
 * option `gatewayWorkloads` or by `complete`. Ports are judged only when a Service for the pods is known.
 */
export const gatewayWorkloadPort: Rule = {
  id: 'gateway-workload-port',
  level: 'mandatory',
  title: 'a Gateway selects pods, and its ports are open on their Service',
  istio: ['IST0101', 'IST0162'],
  kiali: ['KIA0302'],
  single: false,
  docs: {
    why: 'A Gateway that selects no pods configures nothing, and a port that no Service of the pods opens cannot be reached from outside.',
    ...examples(
      `
apiVersion: v1
kind: Service
metadata: { name: istio-ingressgateway, namespace: istio-ingress }
spec: { selector: { istio: ingressgateway }, ports: [{ name: http2, port: 80, targetPort: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: istio-ingressgateway, namespace: istio-ingress }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  template: { metadata: { labels: { istio: ingressgateway } } }
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: bookinfo, namespace: bookinfo }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 8080, name: http, protocol: HTTP }, hosts: ["*"] }]
`,
      ['number: 8080', 'number: 80'],
    ),
    fix: 'Select by the labels of the gateway pods (the gateway chart sets `istio: <release name without "istio-">`), and use a port of their Service, or add the port there.',
  },
  check: (model, options) => {
    const known = gatewaysAreKnown(options);
    return model.gateways.all.flatMap((gateway) => violations(model, options, gateway, known));
  },
};

/** Whether the objects and options tell which gateway workloads there are. */
function gatewaysAreKnown(options: CheckOptions): boolean {
  if (options.externals?.workloads?.includes('*') === true) return false;
  return options.complete === true || options.gatewayWorkloads !== undefined;
}

function violations(model: MeshModel, options: CheckOptions, gateway: MeshGateway, known: boolean): Violation[] {
  const { selector, source } = gateway;
  if (selector === undefined) return [];
  const workloads = knownGatewayWorkloads(model, options, gateway);
  if (workloads.length === 0) {
    if (!known) return [];
    const message = `no gateway workload carries the labels ${formatLabels(selector)}, so this Gateway configures nothing; ${offer(options)}`;
    return [{ object: source.object, path: 'spec.selector', message }];
  }
  const ports = openPorts(model, workloads);
  if (ports === undefined) return [];
  const list = [...ports].sort((a, b) => a - b).join(', ');
  return gateway.servers
    .filter(({ port }) => !ports.has(port.number))
    .map(({ port, path }) => ({
      object: source.object,
      path: `${path}.port.number`,
      message: `no Service of the pods with ${formatLabels(selector)} opens port ${port.number}, so it cannot be reached; open are ${list === '' ? 'none' : list}. Use one of them, or add the port to the Service`,
    }));
}

function offer({ gatewayWorkloads = [] }: CheckOptions): string {
  const labels = gatewayWorkloads.map((workload) => formatLabels(workload.labels)).sort();
  return labels.length === 0 ? 'select the labels of one' : `gateway workloads carry ${labels.join('; ')}`;
}

/** Ports and target ports of the Services in front of the workloads; undefined when no Service is known. */
function openPorts(model: MeshModel, workloads: readonly KnownGatewayWorkload[]): Set<number> | undefined {
  const declared = workloads.flatMap(({ ports }) => ports ?? []);
  const services = workloads.flatMap(({ namespace, labels }) =>
    model.services
      .inNamespace(namespace)
      .filter(
        ({ registry, selector }) => registry === 'Kubernetes' && selector !== undefined && hasLabels(labels, selector),
      ),
  );
  if (declared.length === 0 && services.length === 0) return undefined;
  const open = [
    ...declared.map(({ port, targetPort }) => [port, targetPort ?? port]),
    ...services.flatMap(({ ports }) => ports.map(({ number, targetPort }) => [number, targetPort])),
  ];
  return new Set(open.flat().filter((port): port is number => typeof port === 'number'));
}
