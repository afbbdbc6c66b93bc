import assert from 'node:assert/strict';
import { Bookinfo, MeshNamespace, Routes } from '../../components';
import type { RouteSettings } from '../../mesh/manifests/settings';
import { registrations, type Registration } from './support/registrations';

const reviews: RouteSettings = { versions: ['v1', 'v3'], weights: { v1: 'rest', v3: 10 } };

describe('Routes', () => {
  it('registers one set of all objects: the rule of each version, and the route that names them', async () => {
    const proof = { kubeconfig: '/a/kubeconfig', context: 'a', namespace: 'istio-system', drainSeconds: 0 };
    const changes = { maxStep: 20, environment: 'prod' };
    const args = { namespace: 'bookinfo', services: { reviews }, proof, changes };
    assert.deepEqual(await registrations(() => new Routes('bookinfo', args)), [
      {
        type: 'meshwright:index:Routes',
        name: 'bookinfo',
        inputs: {},
        dependsOn: [],
        options: {},
        outputs: { namespace: 'bookinfo', splits: { reviews: { 'http[0]': { v1: 90, v3: 10 } } } },
      },
      {
        type: 'meshwright-routes:index:RouteSet',
        name: 'bookinfo',
        parent: 'bookinfo',
        inputs: {
          namespace: 'bookinfo',
          kubeconfig: '/a/kubeconfig',
          context: 'a',
          limits: { maxStep: 20 },
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

  it('waits for its own namespace, and for the apps that it sends requests to and no others', async () => {
    const found = await registrations(() => {
      const namespaces = ['bookinfo', 'shop'].map((name) => new MeshNamespace(name, {}));
      const apps = ['bookinfo', 'shop'].map((name) => new Bookinfo(`${name}-app`, { namespace: name, policy: false }));
      const elsewhere: RouteSettings = {
        http: [{ route: [{ destination: { host: 'ratings.shop.svc.cluster.local' } }] }],
      };
      const options = { dependsOn: [...namespaces, ...apps] };
      new Routes('own', { namespace: 'bookinfo', services: { reviews }, policy: false }, options);
      new Routes('both', { namespace: 'bookinfo', services: { reviews, elsewhere }, policy: false }, options);
      const own = { weights: { v1: 100 }, versions: ['v1'] };
      new Routes('none', { namespace: 'bookinfo', services: { own }, policy: false }, options);
    });
    const waits = found
      .filter(({ type }) => type === 'meshwright-routes:index:RouteSet')
      .map(({ name, dependsOn }) => [
        name,
        [...new Set(dependsOn.map((other) => /^(\w+-(app|namespace)|.*)/.exec(other)?.[1]))],
      ]);
    assert.deepEqual(Object.fromEntries(waits), {
      own: ['bookinfo-app', 'bookinfo-namespace'],
      both: ['bookinfo-app', 'bookinfo-namespace', 'shop-app'],
      none: ['bookinfo-namespace'],
    });
  });

  it('fails with every mandatory finding, and registers nothing', async () => {
    const http: RouteSettings['http'] = [
      {
        route: [
          { destination: { host: 'reviews', subset: 'v1' }, weight: 90 },
          { destination: { host: 'reviews', subset: 'v3' }, weight: 20 },
        ],
        match: [{ uri: { prefix: '/a' } }],
      },
      {
        route: [
          { destination: { host: 'reviews', subset: 'v1' }, weight: 105 },
          { destination: { host: 'reviews', subset: 'v3' }, weight: -5 },
        ],
      },
    ];
    const services = { reviews: { versions: ['v1', 'v3'], http } };
    let found: Registration[] = [];
    const program = async (): Promise<void> => {
      found = await registrations(() => new Routes('bookinfo', { namespace: 'bookinfo', services }));
    };
    await assert.rejects(program, (error: Error) => {
      assert.equal(error.constructor.name, 'ResourceError');
      const [headline, ...lines] = error.message.split('\n');
      assert.equal(headline, 'routes of bookinfo: refused, nothing of it was registered: 3 problems');
      assert.deepEqual(
        lines.map((line) => /\(([\w-]+)\)$/.exec(line)?.[1]),
        ['weight-sum-100', 'weight-range', 'weight-range'],
      );
      return true;
    });
    assert.deepEqual(found, []);
  });

  it('says nothing of rules that its options switch off', async () => {
    const http: RouteSettings['http'] = [{ route: [{ destination: { host: 'reviews' }, weight: 50 }] }];
    const services = { reviews: { http } };
    const policy = { rules: { 'weight-single': 'off', 'weight-sum-100': 'off' } } as const;
    const found = await registrations(() => new Routes('bookinfo', { namespace: 'bookinfo', services, policy }));
    assert.deepEqual(
      found.map(({ name }) => name),
      ['bookinfo', 'bookinfo'],
    );
  });

  it('encrypts the objects of a section with secrets, and a kubeconfig that is more than a path', async () => {
    const services = { reviews: { versions: ['v1'] } };
    const args = {
      namespace: 'bookinfo',
      services,
      secret: true,
      proof: { kubeconfig: 'apiVersion: v1\nusers: []\n' },
    };
    const [, set] = await registrations(() => new Routes('r', args));
    assert.deepEqual(set?.inputs, {
      namespace: 'bookinfo',
      kubeconfig: { secret: 'apiVersion: v1\nusers: []\n' },
      proof: {},
      objects: { 'DestinationRule bookinfo/reviews.v1': { secret: destinationRule('v1') } },
    });
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
