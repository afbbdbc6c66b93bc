import assert from 'node:assert/strict';
import { Bookinfo, Namespace, Objects, Routes } from '../../components';
import type { RouteSettings } from '../../mesh/manifests/settings';
import { registrations } from './support/registrations';

const reviews: RouteSettings = { versions: ['v1', 'v3'], weights: { v1: 'rest', v3: 10 } };

describe('Routes', () => {
  it('registers one resource for a service: the rule of each version, the route that names them, and its weights', async () => {
    const proof = { kubeconfig: '/a/kubeconfig', context: 'a', namespace: 'istio-system', drainSeconds: 0 };
    const limits = { maxStep: 20 };
    const args = { namespace: 'bookinfo', services: { reviews }, proof, limits };
    assert.deepEqual(await registrations(() => new Routes('bookinfo', args)), [
      {
        type: 'meshwright:index:Routes',
        name: 'bookinfo',
        inputs: {},
        dependsOn: [],
        options: {},
        outputs: { namespace: 'bookinfo', weights: { reviews: { v1: 90, v3: 10 } } },
      },
      {
        type: 'meshwright-routes:index:Route',
        name: 'bookinfo/reviews',
        parent: 'bookinfo',
        inputs: {
          namespace: 'bookinfo',
          kubeconfig: '/a/kubeconfig',
          context: 'a',
          limits: { maxStep: 20 },
          weights: { v1: 90, v3: 10 },
          proof: { namespace: 'istio-system', drainSeconds: 0 },
          objects: {
            'DestinationRule bookinfo/reviews.v1': destinationRule('v1'),
            'DestinationRule bookinfo/reviews.v3': destinationRule('v3'),
            'VirtualService bookinfo/reviews': JSON.stringify({
              apiVersion: 'networking.istio.io/v1',
              kind: 'VirtualService',
              metadata: { name: 'reviews', namespace: 'bookinfo' },
              spec: {
                hosts: ['reviews'],
                http: [
                  {
                    route: [
                      { destination: { host: 'reviews', subset: 'v1' }, weight: 90 },
                      { destination: { host: 'reviews', subset: 'v3' }, weight: 10 },
                    ],
                  },
                ],
              },
            }),
          },
        },
        dependsOn: [],
        options: {},
      },
    ]);
  });

  it('waits only for its own namespace, and for the apps that it sends requests to', async () => {
    const found = await registrations(() => {
      const namespaces = ['bookinfo', 'shop'].map((name) => new Namespace(name, {}));
      const apps = ['bookinfo', 'shop'].map((name) => new Bookinfo(`${name}-app`, { namespace: name }));
      const elsewhere: RouteSettings = {
        http: [{ route: [{ destination: { host: 'ratings.shop.svc.cluster.local' } }] }],
      };
      const options = { dependsOn: [...namespaces, ...apps] };
      new Routes('own', { namespace: 'bookinfo', services: { reviews } }, options);
      new Routes('both', { namespace: 'bookinfo', services: { reviews, elsewhere } }, options);
      const own = { weights: { v1: 100 }, versions: ['v1'] };
      new Routes('none', { namespace: 'bookinfo', services: { own } }, options);
    });
    const waits = found
      .filter(({ type }) => type === 'meshwright-routes:index:Route')
      .map(({ name, dependsOn }) => [
        name,
        [...new Set(dependsOn.map((other) => /^(\w+-(app|namespace)|.*)/.exec(other)?.[1]))],
      ]);
    assert.deepEqual(Object.fromEntries(waits), {
      'own/reviews': ['bookinfo-app', 'bookinfo-namespace'],
      'both/reviews': ['bookinfo-app', 'bookinfo-namespace'],
      'both/elsewhere': ['bookinfo-namespace', 'shop-app'],
      'none/own': ['bookinfo-namespace'],
    });
  });

  it('waits for the objects with the Services that it sends requests to, and with their DestinationRules', async () => {
    const found = await registrations(() => {
      const namespace = 'bookinfo';
      const service = (name: string) => ({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace },
        spec: {},
      });
      const rule = (host: string) => ({
        apiVersion: 'networking.istio.io/v1',
        kind: 'DestinationRule',
        metadata: { name: 'rule', namespace },
        spec: { host },
      });
      const objects = ['reviews', 'ratings'].flatMap((name) => [
        new Objects(name, { objects: [service(name)] }),
        new Objects(`${name}-rules`, { objects: [rule(name)] }),
      ]);
      new Routes('own', { namespace: 'bookinfo', services: { reviews } }, { dependsOn: objects });
    });
    const route = found.find(({ type }) => type === 'meshwright-routes:index:Route');
    assert.deepEqual(route?.dependsOn, ['reviews-bookinfo/reviews', 'reviews-rules-bookinfo/rule']);
  });

  it('keeps the weights of a service with several rules by rule', async () => {
    const services = {
      reviews: {
        ...reviews,
        http: [{ match: [{ headers: { 'end-user': { exact: 'jason' } } }], weights: { v3: 100 } }],
      },
    };
    const [component, route] = await registrations(() => new Routes('bookinfo', { namespace: 'bookinfo', services }));
    const weights = { 'headers.end-user exact jason': { v3: 100 }, 'everything else': { v1: 90, v3: 10 } };
    assert.deepEqual(route?.inputs['weights'], weights);
    assert.deepEqual(component?.outputs, { namespace: 'bookinfo', weights: { reviews: weights } });
  });

  it('names the owner of the weights', async () => {
    const services = { reviews: { ...reviews, weightsOwnedBy: 'argo' }, ratings: { versions: ['v1'] } };
    const [, ...routes] = await registrations(() => new Routes('bookinfo', { namespace: 'bookinfo', services }));
    assert.deepEqual(
      Object.fromEntries(routes.map(({ name, inputs }) => [name, [inputs['weightsOwnedBy'], inputs['weights']]])),
      {
        'bookinfo/reviews': ['argo', { v1: 90, v3: 10 }],
        'bookinfo/ratings': [undefined, undefined],
      },
    );
  });

  it('encrypts the objects of a section with secrets, and a kubeconfig that is more than a path', async () => {
    const services = { reviews: { versions: ['v1'], weights: { v1: 100 } } };
    const args = {
      namespace: 'bookinfo',
      services,
      secret: true,
      proof: { kubeconfig: 'apiVersion: v1\nusers: []\n' },
    };
    const [component, route] = await registrations(() => new Routes('r', args));
    const objects = route?.inputs['objects'] as Record<string, { secret: string }>;
    assert.deepEqual(Object.keys(objects), ['DestinationRule bookinfo/reviews.v1', 'VirtualService bookinfo/reviews']);
    assert.deepEqual(objects['DestinationRule bookinfo/reviews.v1'], { secret: destinationRule('v1') });
    assert.deepEqual(
      { ...route?.inputs, objects: undefined },
      {
        namespace: 'bookinfo',
        kubeconfig: { secret: 'apiVersion: v1\nusers: []\n' },
        proof: {},
        weights: { secret: { v1: 100 } },
        objects: undefined,
      },
    );
    assert.deepEqual(component?.outputs, { namespace: 'bookinfo', weights: { secret: { reviews: { v1: 100 } } } });
  });

  it('refuses weights that do not sum to 100 before it registers anything', async () => {
    const services = { reviews: { versions: ['v1', 'v2'], weights: { v1: 90, v2: 20 } } };
    await assert.rejects(
      registrations(() => new Routes('r', { namespace: 'bookinfo', services })),
      {
        message:
          'invalid weights of Routes r\n' +
          '  services.reviews.weights: weights must sum to 100, these sum to 110: v1 90, v2 20; change one of them, or make it "rest"',
      },
    );
  });
});

function destinationRule(version: string): string {
  return JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: `reviews.${version}`, namespace: 'bookinfo' },
    spec: { host: 'reviews', subsets: [{ name: version, labels: { version } }] },
  });
}
