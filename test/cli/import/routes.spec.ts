import assert from 'node:assert/strict';
import { parseAllDocuments } from 'yaml';
import { framedRoutes } from '../../../cli/import/routes';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';

/** Converts YAML: routes by their keys, and the reasons of objects that stay verbatim. */
function framed(yaml: string): { routes: Record<string, unknown>; verbatim: Record<string, string> } {
  const objects = parseAllDocuments(yaml).map((document) => document.toJS() as KubernetesObject);
  const placed = objects.map((object) => ({ ...object, metadata: { namespace: 'shop', ...object.metadata } }));
  const { routes, verbatim } = framedRoutes(placed, 'cluster.local');
  const keyOf = (namespace: string, key: string): string => (namespace === 'shop' ? key : `${namespace}/${key}`);
  return {
    routes: Object.fromEntries(routes.map(({ namespace, key, settings }) => [keyOf(namespace, key), settings])),
    verbatim: Object.fromEntries(verbatim.map(({ object, why }) => [`${object.kind} ${object.metadata.name}`, why])),
  };
}

const virtualService = (name: string, spec: string, apiVersion = 'networking.istio.io/v1'): string =>
  `{ apiVersion: ${apiVersion}, kind: VirtualService, metadata: { name: ${name} }, spec: { ${spec} } }`;
const destinationRule = (name: string, spec: string, metadata = ''): string =>
  `{ apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: { name: ${name} ${metadata} }, spec: { ${spec} } }`;
const all = (...objects: string[]): string => objects.join('\n---\n');

describe('VirtualServices and DestinationRules as routes', () => {
  it('joins both of a service, whose rule keeps its name and all of its subsets', () => {
    const rule = destinationRule(
      'rules',
      'host: pay, subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]',
    );
    const split = virtualService(
      'pay',
      'hosts: [pay], http: [{ route: [{ destination: { host: pay, subset: v1 }, weight: 90 }, { destination: { host: pay, subset: v2 }, weight: 10 }] }]',
    );
    assert.deepEqual(framed(all(rule, split)), {
      routes: { pay: { versions: ['v1', 'v2'], weights: { v1: 'rest', v2: 10 }, destinationRule: { name: 'rules' } } },
      verbatim: {},
    });
  });

  it('keeps a weight that is absent, and one of 100', () => {
    const rule = destinationRule('pay', 'host: pay, subsets: [{ name: v1, labels: { version: v1 } }]');
    const one = (weight: string): string =>
      virtualService('pay', `hosts: [pay], http: [{ route: [{ destination: { host: pay, subset: v1 } ${weight} }] }]`);
    const expected = (weights: object): object => ({
      routes: { pay: { versions: ['v1'], weights, destinationRule: { name: 'pay' } } },
      verbatim: {},
    });
    assert.deepEqual(framed(all(rule, one(''))), expected({ v1: 'rest' }));
    assert.deepEqual(framed(all(rule, one(', weight: 100'))), expected({ v1: 100 }));
  });

  it('sends to the bare service where a VirtualService names no subset', () => {
    assert.deepEqual(
      framed(
        virtualService(
          'shop',
          'hosts: ["*"], gateways: [gate], http: [{ match: [{ uri: { prefix: /pay } }], route: [{ destination: { host: pay, port: { number: 80 } } }] }]',
        ),
      ),
      {
        routes: {
          pay: {
            port: 80,
            hosts: ['*'],
            gateways: ['gate'],
            http: [{ match: [{ uri: { prefix: '/pay' } }] }],
            virtualService: { name: 'shop' },
          },
        },
        verbatim: {},
      },
    );
  });

  it('splits over Services as over versions with hosts', () => {
    const split = virtualService(
      'pay',
      'hosts: [pay], http: [{ route: [{ destination: { host: pay }, weight: 95 }, { destination: { host: pay-canary }, weight: 5 }] }]',
    );
    assert.deepEqual(framed(split), {
      routes: {
        pay: {
          versions: { pay: { host: 'pay' }, canary: { host: 'pay-canary' } },
          order: ['pay', 'canary'],
          weights: { pay: 'rest', canary: 5 },
        },
      },
      verbatim: {},
    });
  });

  it('names versions after the part that differs in the names of their Services', () => {
    const split = virtualService(
      'pay',
      'hosts: [pay], http: [{ route: [{ destination: { host: pay-stable }, weight: 100 }, { destination: { host: pay-canary }, weight: 0 }] }]',
    );
    assert.deepEqual(framed(split).routes, {
      'pay-canary': {
        hosts: ['pay'],
        versions: { stable: { host: 'pay-stable' }, canary: { host: 'pay-canary' } },
        order: ['stable', 'canary'],
        weights: { stable: 'rest', canary: 0 },
        virtualService: { name: 'pay' },
      },
    });
  });

  it('puts headers of a destination into its version', () => {
    const rule = destinationRule(
      'pay',
      'host: pay, subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]',
    );
    const split = virtualService(
      'pay',
      'hosts: [pay], http: [{ route: [{ destination: { host: pay, subset: v1 }, weight: 90 }, { destination: { host: pay, subset: v2 }, weight: 10, headers: { response: { set: { x-canary: "1" } } } }] }]',
    );
    assert.deepEqual(framed(all(rule, split)).routes, {
      pay: {
        versions: { v1: {}, v2: { headers: { response: { set: { 'x-canary': '1' } } } } },
        weights: { v1: 'rest', v2: 10 },
        destinationRule: { name: 'pay' },
      },
    });
  });

  it('joins a VirtualService and a DestinationRule that spell the host in different ways', () => {
    const rule = destinationRule(
      'pay',
      'host: pay.shop.svc.cluster.local, subsets: [{ name: v1, labels: { version: v1 } }]',
    );
    const route = virtualService(
      'pay',
      'hosts: [pay], http: [{ route: [{ destination: { host: pay, subset: v1 } }] }]',
    );
    assert.deepEqual(framed(all(rule, route)), {
      routes: {
        pay: {
          versions: ['v1'],
          weights: { v1: 'rest' },
          destinationRule: { name: 'pay', host: 'pay.shop.svc.cluster.local' },
        },
      },
      verbatim: {},
    });
  });

  it('gives each VirtualService of a service its own key, and the DestinationRule to the one in the mesh', () => {
    const rule = destinationRule('pay', 'host: pay, subsets: [{ name: v1, labels: { version: v1 } }]');
    const to = 'http: [{ route: [{ destination: { host: pay, subset: v1 } }] }]';
    const outside = virtualService('a-public', `hosts: [pay.example.com], gateways: [gate], ${to}`);
    assert.deepEqual(framed(all(rule, outside, virtualService('in-mesh', `hosts: [pay], ${to}`))), {
      routes: {
        'a-public': {
          host: 'pay',
          hosts: ['pay.example.com'],
          gateways: ['gate'],
          versions: ['v1'],
          weights: { v1: 'rest' },
          destinationRule: { install: false },
        },
        pay: {
          versions: ['v1'],
          weights: { v1: 'rest' },
          virtualService: { name: 'in-mesh' },
          destinationRule: { name: 'pay' },
        },
      },
      verbatim: {},
    });
  });

  it('makes routes with several hosts, several services, wildcards and hosts outside the cluster', () => {
    const router = virtualService(
      'entry',
      'hosts: ["*.example.com", shop.test], gateways: [gate], http: [{ match: [{ uri: { prefix: /a } }], route: [{ destination: { host: a } }] }, { route: [{ destination: { host: b } }] }]',
    );
    const outside = virtualService(
      'ext',
      'hosts: [api.example.com], http: [{ timeout: 3s, route: [{ destination: { host: api.example.com } }] }]',
    );
    assert.deepEqual(framed(all(router, outside)), {
      routes: {
        'api-example-com': { host: 'api.example.com', http: [{ timeout: '3s' }], virtualService: { name: 'ext' } },
        entry: {
          hosts: ['*.example.com', 'shop.test'],
          gateways: ['gate'],
          http: [
            { match: [{ uri: { prefix: '/a' } }], route: [{ destination: { host: 'a' } }] },
            { route: [{ destination: { host: 'b' } }] },
          ],
        },
      },
      verbatim: {},
    });
  });

  it('makes a route of a delegate without hosts, and of names with dots', () => {
    assert.deepEqual(framed(virtualService('pay.v1', 'http: [{ route: [{ destination: { host: pay } }] }]')), {
      routes: { pay: { hosts: [], http: [{}], virtualService: { name: 'pay.v1' } } },
      verbatim: {},
    });
  });

  it('keeps the order of subsets and of destinations where they differ', () => {
    const rule = destinationRule(
      'pay',
      'host: pay, subsets: [{ name: canary, labels: { app: pay } }, { name: stable, labels: { app: pay } }]',
    );
    const split = virtualService(
      'pay',
      'hosts: [pay], http: [{ route: [{ destination: { host: pay, subset: stable }, weight: 100 }, { destination: { host: pay, subset: canary }, weight: 0 }] }]',
    );
    assert.deepEqual(framed(all(rule, split)).routes, {
      pay: {
        versions: { canary: { labels: { app: 'pay' } }, stable: { labels: { app: 'pay' } } },
        order: ['stable', 'canary'],
        weights: { stable: 'rest', canary: 0 },
        destinationRule: { name: 'pay' },
      },
    });
  });

  it('orders only the versions that it keeps, not those of a split that stays as it is', () => {
    const route = virtualService(
      'pay',
      'hosts: [pay], tcp: [{ route: [{ destination: { host: pay-b } }] }], tls: [{ match: [{ sniHosts: [pay] }], route: [{ destination: { host: pay-b }, weight: 1 }, { destination: { host: pay-a }, weight: 2 }] }]',
    );
    assert.deepEqual(framed(all(route)).routes, {
      'pay-a': {
        hosts: ['pay'],
        versions: { b: { host: 'pay-b' } },
        weights: { b: 'rest' },
        tls: [
          {
            match: [{ sniHosts: ['pay'] }],
            route: [
              { destination: { host: 'pay-b' }, weight: 1 },
              { destination: { host: 'pay-a' }, weight: 2 },
            ],
          },
        ],
        tcp: [{}],
        virtualService: { name: 'pay' },
      },
    });
  });

  it('joins one rule per version, as this project writes them', () => {
    const rule = (version: string): string =>
      destinationRule(
        `pay.${version}`,
        `host: pay, trafficPolicy: { loadBalancer: { simple: RANDOM } }, subsets: [{ name: ${version}, labels: { version: ${version} } }]`,
      );
    assert.deepEqual(framed(all(rule('v1'), rule('v2'))), {
      routes: { pay: { versions: ['v1', 'v2'], trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } } },
      verbatim: {},
    });
  });

  it('keeps the version of the API, labels, annotations and exportTo', () => {
    const route = `{ apiVersion: networking.istio.io/v1beta1, kind: VirtualService, metadata: { name: pay, labels: { team: a }, annotations: { note: "1" } }, spec: { hosts: [pay], exportTo: ["."], http: [{ route: [{ destination: { host: pay } }] }] } }`;
    assert.deepEqual(framed(route).routes, {
      pay: {
        http: [{}],
        virtualService: {
          apiVersion: 'networking.istio.io/v1beta1',
          labels: { team: 'a' },
          annotations: { note: '1' },
          exportTo: ['.'],
        },
      },
    });
  });

  it('copies the rules where weights cannot make them', () => {
    const rule = destinationRule(
      'pay',
      'host: pay, subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]',
    );
    const http =
      '{ route: [{ destination: { host: pay, subset: v1 }, weight: 1 }, { destination: { host: pay, subset: v2 }, weight: 1 }] }';
    assert.deepEqual(framed(all(rule, virtualService('pay', `hosts: [pay], http: [${http}]`))).routes, {
      pay: {
        http: [
          {
            route: [
              { destination: { host: 'pay', subset: 'v1' }, weight: 1 },
              { destination: { host: 'pay', subset: 'v2' }, weight: 1 },
            ],
          },
        ],
        versions: ['v1', 'v2'],
        destinationRule: { name: 'pay' },
      },
    });
  });

  it('leaves objects verbatim that no route can make, with the reason', () => {
    assert.deepEqual(
      framed(
        all(
          virtualService(
            'old',
            'hosts: [pay], http: [{ websocketUpgrade: true, route: [{ destination: { host: pay } }] }]',
          ),
          virtualService('none', 'hosts: [pay], http: [{ timeout: 1s }]'),
          destinationRule('odd', 'host: pay, subsets: [{ name: V_1 }]'),
          destinationRule('held', 'host: cart', ', finalizers: [a.b/c]'),
        ),
      ),
      {
        routes: {},
        verbatim: {
          'VirtualService old': 'routes have no field spec.http[0].websocketUpgrade',
          'VirtualService none': 'spec.http[0] has no destination',
          'DestinationRule odd': '`versions` cannot make its subsets',
          'DestinationRule held': 'routes have no finalizers',
        },
      },
    );
  });

  it('leaves DestinationRules verbatim when a verbatim VirtualService names their subsets: objects come before routes', () => {
    const toSubset = 'http: [{ websocketUpgrade: true, route: [{ destination: { host: pay, subset: v1 } }] }]';
    assert.deepEqual(
      framed(
        all(
          virtualService('old', `hosts: [pay.example.com], ${toSubset}`),
          virtualService('pay', 'hosts: [pay], http: [{ route: [{ destination: { host: pay } }] }]'),
          destinationRule('pay', 'host: pay, subsets: [{ name: v1, labels: { version: v1 } }]'),
          destinationRule('cart', 'host: cart'),
        ),
      ),
      {
        routes: {
          cart: { destinationRule: {} },
          pay: { http: [{}] },
        },
        verbatim: {
          'VirtualService old': 'routes have no field spec.http[0].websocketUpgrade',
          'DestinationRule pay': 'a verbatim VirtualService names its subsets',
        },
      },
    );
  });
});
