import assert from 'node:assert/strict';
import { Bookinfo, MeshNamespace, Routes } from '../../components';
import type { RouteSettings } from '../../components/manifests/settings';
import { registrations, type Registration } from './support/registrations';

const reviews: RouteSettings = { versions: ['v1', 'v3'], weights: { v1: 'rest', v3: 10 } };

describe('Routes', () => {
  it('registers the rule of each version, then the route that names them', async () => {
    const found = await registrations(() => new Routes('bookinfo', { namespace: 'bookinfo', services: { reviews } }));
    const [component, ...children] = found;
    assert.deepEqual(component, {
      type: 'meshwright:index:Routes',
      name: 'bookinfo',
      inputs: {},
      dependsOn: [],
      options: {},
      outputs: { namespace: 'bookinfo', splits: { reviews: { 'http[0]': { v1: 90, v3: 10 } } } },
    });
    assert.deepEqual(children, [
      destinationRule('v1'),
      destinationRule('v3'),
      {
        type: 'kubernetes:networking.istio.io/v1:VirtualService',
        name: 'bookinfo-reviews',
        parent: 'bookinfo',
        inputs: {
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
        },
        dependsOn: ['bookinfo-reviews.v1', 'bookinfo-reviews.v3'],
        options: {
          aliases: [
            'kubernetes:networking.istio.io/v1beta1:VirtualService',
            'kubernetes:networking.istio.io/v1alpha3:VirtualService',
          ],
        },
      },
    ]);
  });

  it('registers each object in the version of the API that its settings ask for', async () => {
    const apiVersion = 'networking.istio.io/v1beta1';
    const service: RouteSettings = { ...reviews, versions: ['v1', 'v3'], virtualService: { apiVersion } };
    const found = await registrations(() => new Routes('r', { namespace: 'bookinfo', services: { reviews: service } }));
    assert.deepEqual(
      found.slice(1).map(({ type, inputs }) => [type, inputs['apiVersion']]),
      [
        ['kubernetes:networking.istio.io/v1:DestinationRule', 'networking.istio.io/v1'],
        ['kubernetes:networking.istio.io/v1:DestinationRule', 'networking.istio.io/v1'],
        ['kubernetes:networking.istio.io/v1beta1:VirtualService', apiVersion],
      ],
    );
  });

  it('waits for its own namespace, and for the apps that it sends requests to and no others', async () => {
    const found = await registrations(() => {
      const namespaces = ['bookinfo', 'shop'].map((name) => new MeshNamespace(name, {}));
      const apps = ['bookinfo', 'shop'].map((name) => new Bookinfo(`${name}-app`, { namespace: name, policy: false }));
      const elsewhere: RouteSettings = {
        http: [{ route: [{ destination: { host: 'ratings.shop.svc.cluster.local' } }] }],
      };
      const services = { reviews, elsewhere, own: { weights: { v1: 100 }, versions: ['v1'] } };
      new Routes('r', { namespace: 'bookinfo', services, policy: false }, { dependsOn: [...namespaces, ...apps] });
    });
    const waits = found
      .filter(({ parent }) => parent === 'r')
      .map(({ name, dependsOn }) => [
        name,
        ...new Set(dependsOn.map((other) => /^(\w+-(app|namespace)|.*)/.exec(other)?.[1])),
      ]);
    assert.deepEqual(Object.fromEntries(waits.map(([name, ...others]) => [name, others])), {
      'r-reviews.v1': ['bookinfo-namespace'],
      'r-reviews.v3': ['bookinfo-namespace'],
      'r-reviews': ['bookinfo-app', 'bookinfo-namespace', 'r-reviews.v1', 'r-reviews.v3'],
      'r-elsewhere': ['bookinfo-namespace', 'shop-app'],
      'r-own.v1': ['bookinfo-namespace'],
      'r-own': ['bookinfo-namespace', 'r-own.v1'],
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
      ['bookinfo', 'bookinfo-reviews'],
    );
  });

  it('encrypts the specs of a section with secrets', async () => {
    const services = { reviews: { versions: ['v1'] } };
    const [, rule] = await registrations(() => new Routes('r', { namespace: 'bookinfo', services, secret: true }));
    assert.deepEqual(rule?.inputs, {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'reviews.v1', namespace: 'bookinfo' },
      spec: { secret: { host: 'reviews', subsets: [{ name: 'v1', labels: { version: 'v1' } }] } },
    });
  });
});

function destinationRule(version: string): Registration {
  return {
    type: 'kubernetes:networking.istio.io/v1:DestinationRule',
    name: `bookinfo-reviews.${version}`,
    parent: 'bookinfo',
    inputs: {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: `reviews.${version}`, namespace: 'bookinfo' },
      spec: { host: 'reviews', subsets: [{ name: version, labels: { version } }] },
    },
    dependsOn: [],
    options: {
      aliases: [
        'kubernetes:networking.istio.io/v1beta1:DestinationRule',
        'kubernetes:networking.istio.io/v1alpha3:DestinationRule',
      ],
    },
  };
}
