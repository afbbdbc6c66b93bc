import assert from 'node:assert/strict';
import forge from 'node-forge';
import { listed, type ClusterFacts, type Listed, type LocalFacts } from '../../../cli/doctor/facts';
import { unknownFacts } from '../../../cli/doctor/gather';
import { localNotes } from '../../../cli/doctor/local';
import { judgeCluster, judgeLocal, reportText, type Result } from '../../../cli/doctor/report';
import { neededRights } from '../../../cli/doctor/rights';
import type { LiveObject } from '../../../cluster/api';

const now = new Date('2026-11-29T12:00:00Z');

function certificate(validTo: string, name = 'mesh'): string {
  const keys = forge.pki.rsa.generateKeyPair(1024);
  const made = forge.pki.createCertificate();
  made.publicKey = keys.publicKey;
  made.validity.notBefore = new Date('2026-01-01T00:00:00Z');
  made.validity.notAfter = new Date(validTo);
  made.setSubject([{ name: 'commonName', value: name }]);
  made.setIssuer([{ name: 'commonName', value: name }]);
  made.sign(keys.privateKey, forge.md.sha256.create());
  return forge.pki.certificateToPem(made);
}

const root = certificate('2036-01-01T00:00:00Z');
const other = certificate('2036-01-01T00:00:00Z', 'other');
const ending = certificate('2026-12-10T12:00:00Z', 'ending');
const base64 = (value: string): string => Buffer.from(value).toString('base64');

const object = (kind: string, name: string, namespace: string, rest: object = {}, labels = {}): LiveObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace, labels },
  ...rest,
});
const webhook = (kind: string, name: string, app: string, clientConfig: object, revision = 'default'): LiveObject =>
  object(kind, name, '', { webhooks: [{ name, clientConfig }] }, { app, 'istio.io/rev': revision });
const istiod = { service: { name: 'istiod', namespace: 'istio-system' }, caBundle: base64(root) };
const sidecar = (version: string): object => ({
  name: 'istio-proxy',
  image: `example.com/proxyv2:${version}-distroless`,
});
const pod = (name: string, containers: object[], labels = {}, more: object = {}): LiveObject =>
  object('Pod', name, 'shop', { spec: { containers }, status: { phase: 'Running' }, ...more }, labels);
const control = (image = 'example.com/pilot:1.30.3', status: object = { readyReplicas: 1 }): LiveObject =>
  object(
    'Deployment',
    'istiod',
    'istio-system',
    { spec: { template: { spec: { containers: [{ name: 'discovery', image }] } } }, status },
    { app: 'istiod', 'istio.io/rev': 'default' },
  );
const slice = (ready: boolean): LiveObject =>
  object(
    'EndpointSlice',
    'istiod-1',
    'istio-system',
    { endpoints: [{ conditions: { ready } }] },
    {
      'kubernetes.io/service-name': 'istiod',
    },
  );

const healthyObjects: Record<Listed, LiveObject[]> = {
  namespaces: [object('Namespace', 'shop', '', {}, { 'istio-injection': 'enabled' })],
  pods: [pod('cart', [{ name: 'cart', image: 'cart:1' }, sidecar('1.30.3')])],
  services: [object('Service', 'istiod', 'istio-system')],
  endpointSlices: [slice(true)],
  istiods: [control()],
  injectors: [webhook('MutatingWebhookConfiguration', 'istio-sidecar-injector', 'sidecar-injector', istiod)],
  validators: [webhook('ValidatingWebhookConfiguration', 'istio-validator', 'istiod', istiod)],
  gateways: [],
  helmSecrets: [
    object(
      'Secret',
      'sh.helm.release.v1.istiod.v1',
      'istio-system',
      {},
      {
        owner: 'helm',
        name: 'istiod',
        status: 'pending-install',
        version: '1',
      },
    ),
    object(
      'Secret',
      'sh.helm.release.v1.istiod.v10',
      'istio-system',
      {},
      {
        owner: 'helm',
        name: 'istiod',
        status: 'deployed',
        version: '10',
      },
    ),
  ],
};

function facts(objects: Partial<Record<Listed, LiveObject[]>> = {}, more: Partial<ClusterFacts> = {}): ClusterFacts {
  const all = { ...healthyObjects, ...objects };
  return {
    version: { value: 'v1.34.2' },
    objects: Object.fromEntries(
      Object.keys(listed).map((key) => [key, { value: all[key as Listed] }]),
    ) as unknown as ClusterFacts['objects'],
    roots: { value: new Map([['istio-system', root]]) },
    secrets: new Map([
      ['istio-system/istio-ca-secret', { value: { certificates: { 'ca-cert.pem': root } } }],
      ['istio-system/cacerts', { value: undefined }],
    ]),
    rights: { value: [] },
    now,
    wantedIstio: '1.30.3',
    ...more,
  };
}

const lines = (results: readonly Result[]): string[] =>
  results.flatMap(({ check, findings, unknown }) => [
    ...findings.map(({ where, what }) => `${check}: ${where}: ${what}`),
    ...(unknown === undefined ? [] : [`${check} unknown: ${unknown}`]),
  ]);
const judged = (...input: Parameters<typeof facts>): string[] => lines(judgeCluster(facts(...input)));

describe('doctor judges facts of a cluster', () => {
  it('has no findings on a healthy mesh, and on a cluster without Istio', () => {
    assert.deepEqual(judged(), []);
    assert.deepEqual(judged({ istiods: [], injectors: [], validators: [], pods: [], namespaces: [] }), []);
  });

  const wrongRoot = "has a CA bundle without istiod's root certificate, so every call fails with an x509 error";
  const injector = (client: object, revision?: string): LiveObject[] => [
    webhook('MutatingWebhookConfiguration', 'istio-sidecar-injector', 'sidecar-injector', client, revision),
  ];
  const shop =
    'sidecars: Namespace shop: 1 pod without sidecar, created before injection was on or while istiod did not answer: bare';
  const tls = (credentialName: string): LiveObject =>
    object('Gateway', 'edge', 'shop', {
      spec: { selector: { istio: 'edge' }, servers: [{ tls: { credentialName } }] },
    });
  const cases: [string, Parameters<typeof facts>, string[]][] = [
    [
      'a Kubernetes that is too new',
      [{}, { version: { value: 'v1.37.0' } }],
      [
        'versions: Deployment istio-system/istiod: Istio 1.30.3 supports Kubernetes 1.32 to 1.36, and the cluster has 1.37',
      ],
    ],
    [
      'an old Kubernetes for the Istio that the stack file asks for',
      [{ istiods: [], injectors: [], validators: [], pods: [] }, { version: { value: 'v1.31.9+k3s1' } }],
      ['versions: meshwright:istio.version: Istio 1.30.3 supports Kubernetes 1.32 to 1.36, and the cluster has 1.31'],
    ],
    [
      'an Istio without support',
      [{ istiods: [control('pilot:1.27.0')], pods: [] }, { version: { value: 'v1.33.1' } }],
      ['versions: Deployment istio-system/istiod: Istio 1.27.0 has had no security fixes since 2026-04-07'],
    ],
    [
      'an Istio that the table does not know',
      [{ istiods: [control('pilot:1.40.0')], pods: [] }],
      [
        'versions unknown: Istio 1.40.0 is not in the table of supported versions; see https://istio.io/latest/docs/releases/supported-releases/',
      ],
    ],
    [
      'an istiod without ready pods',
      [{ istiods: [control(undefined, {})] }],
      [
        'istiod: Deployment istio-system/istiod: istiod has no ready pod: proxies keep their last configuration, and no pod gets a sidecar',
      ],
    ],
    [
      'no webhooks',
      [{ injectors: [], validators: [] }],
      [
        'webhooks: Deployment istio-system/istiod: revision default has no MutatingWebhookConfiguration: new pods get no sidecar',
        'webhooks: Deployment istio-system/istiod: revision default has no ValidatingWebhookConfiguration: invalid Istio objects are stored',
      ],
    ],
    [
      'another CA in a webhook',
      [{ injectors: injector({ ...istiod, caBundle: base64(other) }) }],
      [`webhooks: MutatingWebhookConfiguration istio-sidecar-injector: ${wrongRoot}`],
    ],
    [
      'no CA in a webhook',
      [{ injectors: injector({ service: istiod.service }) }],
      [
        'webhooks: MutatingWebhookConfiguration istio-sidecar-injector: has no CA bundle, so the API server cannot call istiod',
      ],
    ],
    [
      'a CA bundle with the root among others',
      [{ injectors: injector({ ...istiod, caBundle: base64(other + root) }) }],
      [],
    ],
    [
      'a webhook without its Service',
      [
        {
          services: [],
          validators: [
            webhook('ValidatingWebhookConfiguration', 'v', 'istiod', {
              url: 'https://127.0.0.1/',
              caBundle: base64(root),
            }),
          ],
        },
      ],
      [
        'webhooks: MutatingWebhookConfiguration istio-sidecar-injector: leads to Service istio-system/istiod, which does not exist',
      ],
    ],
    [
      'a webhook whose Service has no ready endpoint',
      [
        {
          endpointSlices: [slice(false)],
          validators: [
            webhook('ValidatingWebhookConfiguration', 'v', 'istiod', {
              url: 'https://127.0.0.1/',
              caBundle: base64(root),
            }),
          ],
        },
      ],
      [
        'webhooks: MutatingWebhookConfiguration istio-sidecar-injector: leads to Service istio-system/istiod, which has no ready endpoint',
      ],
    ],
    [
      'a revision that is not served',
      [{ namespaces: [object('Namespace', 'shop', '', {}, { 'istio.io/rev': 'canary' })], pods: [] }],
      [
        'revisions: Namespace shop: asks for revision canary, which no control plane and no tag serves: its new pods get no sidecar',
      ],
    ],
    ['a pod without sidecar', [{ pods: [pod('bare', [{ name: 'app' }])] }], [shop]],
    [
      'pods that need no sidecar: opted out, done, being deleted, on the host network, with a native sidecar',
      [
        {
          pods: [
            pod('out', [{ name: 'app' }], { 'sidecar.istio.io/inject': 'false' }),
            pod('done', [{ name: 'app' }], {}, { status: { phase: 'Succeeded' } }),
            pod(
              'gone',
              [{ name: 'app' }],
              {},
              { metadata: { name: 'gone', namespace: 'shop', deletionTimestamp: '2026-11-29T11:00:00Z' } },
            ),
            pod('host', [], {}, { spec: { hostNetwork: true, containers: [{ name: 'app' }] } }),
            pod('native', [], {}, { spec: { initContainers: [sidecar('1.30.3')], containers: [{ name: 'app' }] } }),
          ],
        },
      ],
      [],
    ],
    [
      'old proxies, together by namespace and version',
      [
        {
          pods: ['a', 'b', 'c', 'd', 'e'].map((name) => pod(name, [sidecar('1.29.1')])),
        },
      ],
      ['proxy-versions: Namespace shop: 5 pods with proxy 1.29.1, and istiod is 1.30.3: a, b, c and 2 more'],
    ],
    [
      'a pod that waits for the injector',
      [{ pods: [pod('gateway', [{ name: 'istio-proxy', image: 'auto' }])] }],
      ['auto-images: Namespace shop: 1 pod with image "auto", which no injector replaced: gateway'],
    ],
    [
      'a CA that ends',
      [{}, { secrets: new Map([['istio-system/cacerts', { value: { certificates: { 'ca-cert.pem': ending } } }]]) }],
      ['certificates: Secret istio-system/cacerts, ca-cert.pem: certificate expires on 2026-12-10, in 11 days'],
    ],
    [
      'a CA that has ended',
      [
        {},
        {
          now: new Date('2026-12-11T12:00:00Z'),
          secrets: new Map([['istio-system/cacerts', { value: { certificates: { 'ca-cert.pem': ending } } }]]),
        },
      ],
      ['certificates: Secret istio-system/cacerts, ca-cert.pem: certificate expired on 2026-12-10'],
    ],
    [
      'a webhook whose CA ends',
      [
        { injectors: injector({ ...istiod, caBundle: base64(ending) }) },
        { roots: { value: new Map([['istio-system', ending]]) } },
      ],
      [
        'webhooks: ValidatingWebhookConfiguration istio-validator: ' + wrongRoot,
        'certificates: MutatingWebhookConfiguration istio-sidecar-injector, caBundle: certificate expires on 2026-12-10, in 11 days',
      ],
    ],
    [
      'a Gateway without its Secret',
      [{ gateways: [tls('cert')] }, { secrets: new Map([['shop/cert', { value: undefined }]]) }],
      [
        'certificates: Gateway shop/edge: names the Secret shop/cert, which does not exist: the gateway serves no TLS on that port',
      ],
    ],
    [
      'a Gateway whose pods are elsewhere',
      [
        {
          gateways: [tls('cert')],
          pods: [object('Pod', 'edge', 'istio-ingress', { spec: {}, status: {} }, { istio: 'edge' })],
        },
        { secrets: new Map([['istio-ingress/cert', { value: { certificates: { 'tls.crt': ending } } }]]) },
      ],
      ['certificates: Secret istio-ingress/cert, tls.crt: certificate expires on 2026-12-10, in 11 days'],
    ],
    [
      'stuck and failed releases',
      [
        {
          helmSecrets: (
            [
              ['istiod', 'pending-upgrade'],
              ['base', 'failed'],
              ['gone', 'uninstalling'],
            ] as const
          ).map(([name, status]) =>
            object(
              'Secret',
              `sh.helm.release.v1.${name}.v2`,
              'istio-system',
              {},
              { owner: 'helm', name, status, version: '2' },
            ),
          ),
        },
      ],
      [
        'releases: Helm release istio-system/istiod: revision 2 is pending-upgrade: the next update ends in "another operation is in progress"',
        'releases: Helm release istio-system/base: revision 2 has failed',
        'releases: Helm release istio-system/gone: revision 2 is uninstalling: the next update ends in "another operation is in progress"',
      ],
    ],
    [
      'a load balancer without an address',
      [
        {
          services: [
            ...healthyObjects.services,
            object('Service', 'edge', 'shop', { spec: { type: 'LoadBalancer' }, status: { loadBalancer: {} } }),
            object('Service', 'fine', 'shop', {
              spec: { type: 'LoadBalancer' },
              status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
            }),
          ],
        },
      ],
      [
        'load-balancers: Service shop/edge: LoadBalancer without an address: the cluster has no load balancer, or it is still busy',
      ],
    ],
    [
      'a namespace that does not go',
      [
        {
          namespaces: [
            object('Namespace', 'old', '', {
              metadata: { name: 'old', deletionTimestamp: '2026-11-29T11:00:00Z' },
              status: {
                conditions: [
                  {
                    type: 'NamespaceContentRemaining',
                    status: 'True',
                    message: 'Some resources are remaining: configmaps. has 1 resource instances',
                  },
                  { type: 'NamespaceDeletionContentFailure', status: 'False', message: 'fine' },
                ],
              },
            }),
          ],
          pods: [],
        },
      ],
      [
        'namespaces: Namespace old: is being deleted, and waits: Some resources are remaining: configmaps. has 1 resource instances',
      ],
    ],
    [
      'missing rights',
      [
        {},
        {
          rights: {
            value: [
              { verb: 'create', resource: 'secrets', namespace: 'shop', allowed: false },
              { verb: 'get', resource: 'secrets', namespace: 'shop', allowed: true },
              { verb: 'patch', resource: 'secrets', namespace: 'shop', allowed: false },
              {
                verb: 'create',
                resource: 'rbac.authorization.k8s.io/clusterroles',
                namespace: undefined,
                allowed: false,
              },
            ],
          },
        },
      ],
      [
        'rights: Namespace shop: no right to create, patch secrets',
        'rights: the cluster: no right to create rbac.authorization.k8s.io/clusterroles',
      ],
    ],
  ];
  for (const [title, input, expected] of cases)
    it(`finds ${title}`, () => assert.deepEqual(judged(...input), expected));

  it('says which checks could not be run, and runs the others', () => {
    const forbidden = { unknown: 'not allowed: secrets is forbidden' };
    const some = facts({ pods: [pod('bare', [{ name: 'app' }])] });
    const results = judgeCluster({ ...some, objects: { ...some.objects, helmSecrets: forbidden } });
    assert.deepEqual(lines(results), [shop, `releases unknown: ${forbidden.unknown}`]);
  });

  it('knows nothing of a cluster that does not answer', () => {
    const results = judgeCluster(unknownFacts('the API server https://192.0.2.1 does not answer'));
    assert.equal(results.length, 12);
    assert.deepEqual(
      results.filter(({ unknown, findings }) => unknown === undefined || findings.length > 0),
      [],
    );
  });

  it('gives every finding a place and a fix', () => {
    for (const [title, input] of cases)
      for (const { findings } of judgeCluster(facts(...input)))
        for (const { where, fix } of findings) assert.ok(where !== '' && fix.length > 10, title);
  });
});

describe('doctor judges this machine', () => {
  const fine: LocalFacts = {
    node: '20.19.0',
    programs: { go: '1.26', pulumi: '3.248.0', kubectl: '1.34.0', python3: '3.11.2' },
    kubernetesPlugins: { value: ['4.32.0'] },
    routeProvider: true,
    charts: { value: [] },
    usesLab: false,
    stackProblem: '',
  };
  it('has no findings on one that is ready', () => {
    assert.deepEqual([lines(judgeLocal(fine)), localNotes(fine)], [[], []]);
  });

  const cases: [string, Partial<LocalFacts>, string[], string[]?][] = [
    ['an old Node', { node: '20.18.3' }, ['node: this machine: Node 20.18.3 is older than 20.19']],
    [
      'no Pulumi',
      { programs: { ...fine.programs, pulumi: undefined } },
      ['pulumi: PATH: pulumi is missing, or does not answer'],
    ],
    [
      'no Pulumi, which the lab does not need',
      { programs: { ...fine.programs, pulumi: undefined }, usesLab: true },
      [],
    ],
    [
      'an old Pulumi',
      { programs: { ...fine.programs, pulumi: '3.99.1' } },
      ['pulumi: PATH: Pulumi 3.99.1 is older than the SDK, 3.248.0'],
    ],
    [
      'an old plugin',
      { kubernetesPlugins: { value: ['4.9.0', '4.30.1'] } },
      ['pulumi: Pulumi: the plugin kubernetes 4.30.1 is older than the SDK, 4.32.0'],
    ],
    ['no plugin, which Pulumi installs itself', { kubernetesPlugins: { value: [] } }, []],
    [
      'plugins that cannot be listed',
      { kubernetesPlugins: { unknown: 'pulumi plugin ls: timeout' } },
      ['pulumi unknown: pulumi plugin ls: timeout'],
    ],
    [
      'no route provider',
      { routeProvider: false },
      ['route-provider: provider/PulumiPlugin.yaml: the provider that applies routes is missing'],
    ],
    [
      'charts that do not answer',
      { charts: { value: [{ source: 'https://charts.example.com', problem: 'no answer' }] } },
      ['charts: https://charts.example.com: the charts cannot be fetched: no answer'],
    ],
    [
      'a refused stack file',
      { stackProblem: 'x.yaml is refused: 1 problem\n  x.yaml:3:1 key' },
      ['stack-file: x.yaml:3:1 key: x.yaml is refused: 1 problem'],
    ],
    [
      'programs that only the lab and the fixes need',
      { programs: { ...fine.programs, go: undefined, python3: undefined, kubectl: undefined } },
      [],
      [
        'Go is not on PATH: the lab cannot be built',
        'python3 is not on PATH: the lab cannot fetch Envoy',
        'kubectl is not on PATH: the fixes name its commands',
      ],
    ],
    [
      'an old Go',
      { programs: { ...fine.programs, go: '1.25.9' } },
      [],
      ['Go 1.25.9 is older than 1.26: the lab cannot be built'],
    ],
  ];
  for (const [title, change, expected, notes = []] of cases)
    it(`finds ${title}`, () => {
      const all = { ...fine, ...change };
      assert.deepEqual([lines(judgeLocal(all)), localNotes(all)], [expected, notes]);
    });
});

it('doctor asks for the rights that the objects and the releases of a stack need', () => {
  const virtualService = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'a', namespace: 'shop' },
  };
  const policy = {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'a', namespace: 'shop' },
  };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
  const kinds = new Map([['Namespace', { plural: 'namespaces', namespaced: false, apiVersions: ['v1'] }]]);
  const places = (stack: Parameters<typeof neededRights>[0]): string[] => [
    ...new Set(
      neededRights(stack, kinds).map(({ group, resource, namespace: of }) => `${group}/${resource} ${of ?? '-'}`),
    ),
  ];
  assert.deepEqual(
    places({
      releases: [],
      objects: [virtualService, virtualService, policy, namespace],
      asked: [],
      wantedIstio: undefined,
    }),
    ['networking.istio.io/virtualservices shop', 'security.istio.io/authorizationpolicies shop', '/namespaces -'],
  );
  const release = (bringsClusterObjects: boolean): string[] =>
    places({
      releases: [{ namespace: 'istio', bringsClusterObjects }],
      objects: [],
      asked: [],
      wantedIstio: undefined,
    });
  assert.deepEqual(release(false), [
    '/secrets istio',
    '/services istio',
    '/serviceaccounts istio',
    '/configmaps istio',
    'apps/deployments istio',
  ]);
  assert.deepEqual(
    neededRights({ releases: [], objects: [], asked: ['istio-system'], wantedIstio: undefined }, kinds),
    [
      { verb: 'list', group: '', resource: 'pods', namespace: 'istio-system' },
      { verb: 'create', group: '', resource: 'pods/portforward', namespace: 'istio-system' },
    ],
  );
  assert.equal(release(true).filter((place) => place.endsWith(' -')).length, 5);
  assert.deepEqual(
    neededRights({ releases: [], objects: [policy], asked: [], wantedIstio: undefined }, kinds).map(({ verb }) => verb),
    ['get', 'create', 'patch', 'delete'],
  );
});

it('doctor prints each finding with its fix, and counts', () => {
  const finding = { what: 'is bad', where: 'Pod a/b', fix: 'repair it' };
  assert.equal(
    reportText(
      [
        { check: 'node', fine: 'Node is new enough', findings: [] },
        { check: 'sidecars', fine: '', findings: [finding] },
        { check: 'rights', fine: '', findings: [], unknown: 'no answer' },
      ],
      ['Go is not on PATH'],
    ),
    [
      'ok       node      Node is new enough',
      'FINDING  sidecars  Pod a/b: is bad',
      '                   fix: repair it',
      'unknown  rights    no answer',
      'note               Go is not on PATH',
      '',
      '1 finding, 1 check could not be run',
    ].join('\n'),
  );
});
