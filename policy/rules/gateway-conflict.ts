import type { MeshGateway, MeshGatewayServer, MeshModel } from '../../mesh/model/mesh-model';
import { pushTo } from '../../mesh/collections';
import { hasLabels } from '../../mesh/model/workload-index';
import { isHostWithin, isWildcard } from '../../mesh/model/hosts';
import { formatLabels } from '../../mesh/model/endpoints';
import type { Rule, Violation } from '../rule';

/**
 * Servers can only conflict if some pods belong to both Gateways: the selectors are equal, one includes the other, or a
 * workload in the input matches both. Servers with different `bind` do not conflict, nor do hosts for different
 * namespaces (`shop/*`, `blog/*`). A wildcard that covers another host is advisory: the more specific host wins.
 */
export const gatewayConflict: Rule = {
  id: 'gateway-conflict',
  level: 'mandatory',
  title: 'no two Gateways serve one host on one port of the same workload',
  istio: ['IST0145'],
  kiali: ['KIA0301'],
  single: false,
  docs: {
    why: 'Two Gateways that serve the same host on the same port of the same pods disagree about TLS, redirects or who may bind to it; istiod uses the older server and drops the other.',
    bad: `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: shop, namespace: shop }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [shop.example.com] }]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: blog, namespace: blog }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [shop.example.com] }]
`,
    good: `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: shop, namespace: shop }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [shop.example.com] }]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: blog, namespace: blog }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [blog.example.com] }]
`,
    fix: 'Let one Gateway serve the host and bind the VirtualServices of all namespaces to it, or give each its own hosts or workloads.',
  },
  check: violations,
};

interface Served {
  gateway: MeshGateway;
  server: MeshGatewayServer;
  /** Without the namespace in front. */
  host: string;
  /** Namespace whose VirtualServices may use it; `*` for all. */
  namespace: string;
  path: string;
}

function violations(model: MeshModel): Violation[] {
  const byPort = new Map<string, Served[]>();
  for (const gateway of model.gateways.all) {
    for (const server of gateway.servers) {
      server.hosts.forEach((written, at) => {
        const slash = written.indexOf('/');
        const owner = slash < 0 ? '*' : written.slice(0, slash);
        pushTo(byPort, `${server.port.number} ${server.bind}`, {
          gateway,
          server,
          host: written.slice(slash + 1).toLowerCase(),
          namespace: owner === '.' ? gateway.namespace : owner,
          path: `${server.path}.hosts[${at}]`,
        });
      });
    }
  }
  return [...byPort.values()].flatMap((served) => conflicts(model, served));
}

function conflicts(model: MeshModel, served: readonly Served[]): Violation[] {
  const byHost = new Map<string, Served[]>();
  for (const one of served) pushTo(byHost, one.host, one);
  const wildcards = [...byHost.keys()].filter(isWildcard);
  return served.flatMap((one): Violation[] => {
    const equal = rivals(model, one, byHost.get(one.host) ?? []);
    if (equal.length > 0) return [violation(one, equal)];
    const around = wildcards.filter((host) => host !== one.host && isHostWithin(one.host, host));
    const wider = around.flatMap((host) => rivals(model, one, byHost.get(host) ?? []));
    return wider.length === 0 ? [] : [{ ...violation(one, wider), level: 'advisory' }];
  });
}

function rivals(model: MeshModel, { gateway, namespace }: Served, served: readonly Served[]): Served[] {
  return served.filter(
    (other) =>
      other.gateway.id !== gateway.id &&
      (namespace === '*' || other.namespace === '*' || namespace === other.namespace) &&
      shareWorkload(model, gateway, other.gateway),
  );
}

/** Whether some pods belong to both Gateways. One without a selector is for all gateway pods. */
function shareWorkload(model: MeshModel, { selector: a }: MeshGateway, { selector: b }: MeshGateway): boolean {
  if (a === undefined || b === undefined || hasLabels(a, b) || hasLabels(b, a)) return true;
  const both = { ...a, ...b };
  return hasLabels(both, a) && model.workloads.selectedBy(both).length > 0;
}

function violation({ gateway, server, host, path }: Served, others: readonly Served[]): Violation {
  const names = [...new Set(others.map((other) => `Gateway ${other.gateway.id} (${other.host})`))].sort();
  const shown = names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');
  const pods = gateway.selector === undefined ? 'every gateway' : formatLabels(gateway.selector);
  const message = `host ${host} on port ${server.port.number} of ${pods} is served by ${shown} too; let one Gateway serve it, or give each its own host, port or workload`;
  return { object: gateway.source.object, path, message };
}
