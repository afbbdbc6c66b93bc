import assert from 'node:assert/strict';
import { authzSelectorTargets } from '../../../policy/rules/authz-selector-targets';
import { authorizationPolicy, deployment, finding, judged, namespace, service } from '../mesh-objects';

const policy = (spec: Record<string, unknown>, metadata = {}) => authorizationPolicy('policy', spec, metadata);
const from = (source: object) => policy({ rules: [{ from: [{ source }] }] });
const toOperation = (operation: object) => policy({ rules: [{ to: [{ operation }] }] });
const account = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: 'bookinfo' },
});

describe('authz-selector-targets', () => {
  it('refuses a selector without workloads', () => {
    assert.deepEqual(
      judged(authzSelectorTargets, [
        deployment('reviews', 'v1'),
        policy({ selector: { matchLabels: { app: 'review' } } }),
      ]),
      [
        finding(
          authzSelectorTargets,
          'AuthorizationPolicy bookinfo/policy',
          'spec.selector.matchLabels',
          'no workload of namespace bookinfo carries the labels app=review, so this policy protects nothing; select the labels of its pods',
        ),
      ],
    );
  });

  it('accepts one with a workload, and reports nothing without any workload', () => {
    assert.deepEqual(
      judged(authzSelectorTargets, [
        deployment('reviews', 'v1'),
        policy({ selector: { matchLabels: { app: 'reviews' } } }),
        authorizationPolicy('far', { selector: { matchLabels: { app: 'x' } } }, { namespace: 'far' }),
      ]),
      [],
    );
  });

  it('accepts declared workloads', () => {
    assert.deepEqual(
      judged(
        authzSelectorTargets,
        [deployment('reviews', 'v1'), policy({ selector: { matchLabels: { app: 'legacy' } } })],
        { externals: { workloads: ['bookinfo/legacy'] } },
      ),
      [],
    );
  });

  it('refuses namespaces that do not exist', () => {
    assert.deepEqual(
      judged(authzSelectorTargets, [
        namespace('bookinfo'),
        from({ namespaces: ['bookinfo', 'shop', 'b*'], notNamespaces: ['x*'] }),
      ]),
      [
        finding(
          authzSelectorTargets,
          'AuthorizationPolicy bookinfo/policy',
          'spec.rules[0].from[0].source.namespaces[1]',
          'no namespace is named "shop"; there are bookinfo, istio-system. Correct it, or declare it in externals.namespaces',
        ),
        finding(
          authzSelectorTargets,
          'AuthorizationPolicy bookinfo/policy',
          'spec.rules[0].from[0].source.notNamespaces[0]',
          'no namespace is named "x*"; there are bookinfo, istio-system. Correct it, or declare it in externals.namespaces',
        ),
      ],
    );
  });

  it('reports nothing about namespaces when none is among the objects', () => {
    assert.deepEqual(judged(authzSelectorTargets, [from({ namespaces: ['shop'] })]), []);
  });

  it('refuses principals of ServiceAccounts that do not exist', () => {
    assert.deepEqual(
      judged(authzSelectorTargets, [
        account('reviews'),
        from({
          principals: [
            'cluster.local/ns/bookinfo/sa/reviews',
            'cluster.local/ns/bookinfo/sa/review',
            'cluster.local/ns/other/sa/x',
            '*/sa/y',
          ],
        }),
      ]),
      [
        finding(
          authzSelectorTargets,
          'AuthorizationPolicy bookinfo/policy',
          'spec.rules[0].from[0].source.principals[1]',
          'principal "cluster.local/ns/bookinfo/sa/review" matches no client: namespace bookinfo has no ServiceAccount "review"; correct it, add the ServiceAccount, or declare "bookinfo/review" in externals.serviceAccounts',
        ),
      ],
    );
  });

  it('advises on a trust domain other than the one that MeshConfig states', () => {
    const policy = from({ principals: ['example.org/ns/bookinfo/sa/reviews'] });
    assert.deepEqual(judged(authzSelectorTargets, [policy]), []);
    const options = { mesh: { meshConfig: { trustDomain: 'mesh.example' } } };
    assert.deepEqual(judged(authzSelectorTargets, [policy], options), [
      finding(
        authzSelectorTargets,
        'AuthorizationPolicy bookinfo/policy',
        'spec.rules[0].from[0].source.principals[0]',
        'principal "example.org/ns/bookinfo/sa/reviews" is of trust domain "example.org", while the mesh is "mesh.example"; correct it, or add the domain to trustDomainAliases',
        'advisory',
      ),
    ]);
  });

  it('knows the accounts of workloads and declared ones', () => {
    assert.deepEqual(
      judged(
        authzSelectorTargets,
        [
          account('reviews'),
          deployment('cart', 'v1', { template: { metadata: { labels: {} }, spec: { serviceAccountName: 'cart' } } }),
          from({
            principals: [
              'cluster.local/ns/bookinfo/sa/cart',
              'cluster.local/ns/bookinfo/sa/legacy',
              'cluster.local/ns/bookinfo/sa/default',
            ],
          }),
        ],
        { externals: { serviceAccounts: ['bookinfo/legacy'] } },
      ),
      [],
    );
  });

  it('refuses unknown methods, in any case', () => {
    assert.deepEqual(
      judged(authzSelectorTargets, [
        toOperation({ methods: ['GET', 'PROPFIND', 'P*', '*', 'get'], notMethods: ['FETCH'] }),
      ]),
      [
        finding(
          authzSelectorTargets,
          'AuthorizationPolicy bookinfo/policy',
          'spec.rules[0].to[0].operation.methods[4]',
          '"get" is not an HTTP method; methods are case-sensitive, write "GET"',
        ),
        finding(
          authzSelectorTargets,
          'AuthorizationPolicy bookinfo/policy',
          'spec.rules[0].to[0].operation.notMethods[0]',
          '"FETCH" is not an HTTP method; allowed are the methods of HTTP, such as GET, and for gRPC always POST',
        ),
      ],
    );
  });

  it('looks up short hosts only', () => {
    assert.deepEqual(
      judged(authzSelectorTargets, [
        service('reviews'),
        toOperation({ hosts: ['reviews', 'reviws', 'api.example.com', 'reviews.bookinfo', 'x.bookinfo', '*.y'] }),
      ]),
      [
        finding(
          authzSelectorTargets,
          'AuthorizationPolicy bookinfo/policy',
          'spec.rules[0].to[0].operation.hosts[1]',
          'host "reviws" is not a Service; Services of namespace bookinfo: reviews; name one of them, add the Service, or declare the host in externals.hosts',
        ),
        finding(
          authzSelectorTargets,
          'AuthorizationPolicy bookinfo/policy',
          'spec.rules[0].to[0].operation.hosts[4]',
          'host "x.bookinfo" is not a Service; Services of namespace bookinfo: reviews; name one of them, add the Service, or declare the host in externals.hosts',
        ),
      ],
    );
  });
});
