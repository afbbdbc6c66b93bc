import type { RouteSettings, StackSettings } from '../../../../mesh/manifests/settings';

/** The reviews of Bookinfo with v1 and v3 at the given weights, and v2 for jason. */
export function reviews(weights: Record<string, number>): RouteSettings {
  const jason = { match: [{ headers: { 'end-user': { exact: 'jason' } } }], weights: { v2: 100 } };
  return { versions: ['v1', 'v2', 'v3'], weights, http: [jason] };
}

/** Bookinfo's mesh on the lab. */
export function bookinfo(charts: string): StackSettings {
  return {
    istio: { charts: { path: charts }, mtls: 'STRICT' },
    gateways: {
      'istio-ingressgateway': {
        service: { type: 'NodePort', nodePorts: { http2: 30080 } },
        gateways: { bookinfo: { 'bookinfo-gateway': {} } },
      },
    },
    namespaces: { bookinfo: { injection: true }, default: { injection: true } },
    apps: { bookinfo: { namespace: 'bookinfo', secrets: { token: { key: 'not-to-be-seen' } } } },
    routes: {
      bookinfo: {
        productpage: {
          gateways: ['bookinfo-gateway'],
          hosts: ['*'],
          http: [{ match: [{ uri: { exact: '/productpage' } }] }],
        },
        reviews: reviews({ v1: 90, v3: 10 }),
      },
    },
  };
}

/** Settings in the form of a stack file. */
export function sections(settings: StackSettings): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, section]) => [`meshwright:${name}`, section as unknown]),
  );
}
