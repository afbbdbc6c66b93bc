import assert from 'node:assert/strict';
import { checkMesh, checkOptions, mergeCheckOptions } from '../../config/check-mesh';
import type { StackSettings } from '../../mesh/manifests/settings';
import { renderMesh } from '../../mesh/manifests/mesh';
import { inFile, problemsOf, textProblems } from './support';

const split = (host: string, weights: number[]) =>
  weights.map((weight, index) => ({ destination: { host, subset: `v${index + 1}` }, weight }));

function virtualService(name: string, http: object[]) {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace: 'default' },
    spec: { hosts: [`${name}.example.com`], http },
  };
}

describe('checkMesh', () => {
  it('finds nothing in a valid mesh, and renders it', () => {
    const settings: StackSettings = { namespaces: { shop: { injection: true } } };
    assert.deepEqual(checkMesh(settings), { problems: [], warnings: [], mesh: renderMesh(settings) });
  });

  it('finds the place of a name with control characters and quotes', () => {
    const waiver = 'policy.meshwright.io/waive.a\tb"]';
    const header = '@request.auth.claims.a\t"b"]';
    const route = [{ destination: { host: 'web' } }];
    const http = [{ match: [{ headers: { [header]: { exact: 'a' }, 'x\t"]': { exact: '*' } } }], route }];
    const object = virtualService('web', http);
    const objects = [{ ...object, metadata: { ...object.metadata, annotations: { [waiver]: 'a' } } }];
    const { problems, warnings } = checkMesh({ objects });
    const paths = [...problems, ...warnings].map(({ path }) => path);
    const match = 'meshwright:objects[0].spec.http[0].match[0].headers';
    assert.deepEqual(
      [
        `meshwright:objects[0].metadata.annotations[${JSON.stringify(waiver)}]`,
        `${match}[${JSON.stringify(header)}]`,
        `${match}[${JSON.stringify('x\t"]')}]`,
      ].filter((path) => !paths.some((own) => own.startsWith(path))),
      [],
      paths.join('\n'),
    );
  });

  it('reports mandatory findings by the key of the object, as deep as the file goes', () => {
    const settings: StackSettings = {
      routes: { default: { cart: { versions: ['v1', 'v2'], http: [{ route: split('cart', [90, 20]) }] } } },
      objects: [virtualService('other', [{ route: split('other', [1, 2]) }])],
    };
    const policy = { rules: { 'host-exists': 'off', 'subset-exists': 'off' } } as const;
    const { problems } = checkMesh(settings, policy);
    assert.deepEqual(
      problems.map(({ path, message }) => [path, message.replace(/.*(\(.*\))$/, '$1')]),
      [
        ['meshwright:routes.default.cart.http[0].route', '(weight-sum-100)'],
        ['meshwright:objects[0].spec.http[0].route', '(weight-sum-100)'],
      ],
    );
  });

  it('advises on a configuration that is too long for Pulumi', () => {
    const configMap = (length: number) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'long', namespace: 'default' },
      data: { text: '"'.repeat(length) },
    });
    const advice = (length: number) =>
      checkMesh({ objects: [configMap(length)] }).warnings.filter(({ message }) => message.includes('KiB'));
    // Each quotation mark takes four characters in the JSON of a JSON string.
    assert.deepEqual(advice(32_000), []);
    const message =
      'the configuration is 130 KiB long. Pulumi passes it in an environment variable, which on Linux is at most 128 KiB long, so pulumi up fails there with "argument list too long"; move a part to other stacks, as import --split-by namespace does, or apply the output of render';
    assert.deepEqual(advice(33_000), [{ path: '', message }]);
  });

  it('reports advisory findings as warnings, with the levels of the policy section', () => {
    const settings: StackSettings = { objects: [virtualService('cart', [{ route: split('cart', [90, 20]) }])] };
    const levels = (level: 'advisory' | 'off') => {
      const rules = { 'weight-sum-100': level, 'host-exists': 'off', 'subset-exists': 'off' } as const;
      const { problems, warnings } = checkMesh(settings, { rules });
      return [problems.length, warnings.filter(({ message }) => message.endsWith('(weight-sum-100)')).length];
    };
    assert.deepEqual(
      [levels('advisory'), levels('off')],
      [
        [0, 1],
        [0, 0],
      ],
    );
  });

  it('shows scalar values, and the place in the file', () => {
    const settings: StackSettings = { routes: { default: { cart: { http: [{ timeout: 'soon' }] } } } };
    const source = { file: 'Pulumi.dev.yaml', position: () => ({ line: 3, column: 5 }) };
    const [problem] = checkMesh(settings, {}, source).problems;
    assert.deepEqual(
      { ...problem, message: '' },
      {
        path: 'meshwright:routes.default.cart.http[0].timeout',
        value: 'soon',
        message: '',
        file: 'Pulumi.dev.yaml',
        line: 3,
        column: 5,
      },
    );
  });

  it('fails with levels for unknown rules', () => {
    const { problems } = checkMesh({}, { rules: { 'weight-sum-10': 'off' } });
    assert.deepEqual(problems, [
      {
        path: 'meshwright:policy.rules.weight-sum-10',
        value: 'off',
        message: 'there is no rule "weight-sum-10"; did you mean "weight-sum-100"? (options)',
      },
    ]);
  });

  it('advises on node ports that most clusters refuse', () => {
    const settings: StackSettings = { gateways: { gw: { service: { nodePorts: { http2: 8080, https: 30443 } } } } };
    assert.deepEqual(checkMesh(settings).warnings, [
      {
        path: 'meshwright:gateways.gw.service.nodePorts.http2',
        value: 8080,
        message:
          'by default clusters accept node ports from 30000 to 32767; --service-node-port-range of the API server sets another range',
      },
    ]);
  });
});

describe('a refused stack', () => {
  it('also reports findings on objects that have no other problem', () => {
    const text = `
config:
  meshwright:namespaces: { shop: { injektion: true } }
  meshwright:objects:
    - apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: { name: cart, namespace: default }
      spec: { hosts: [cart], http: [{ route: [{ destination: { host: a }, weight: 1 }, { destination: { host: b }, weight: 2 }] }] }
`;
    const found = textProblems(text);
    assert.deepEqual(found, [
      inFile(
        {
          path: 'meshwright:namespaces.shop.injektion',
          value: true,
          message: 'unknown key; the keys here are injection, revision, ambient, existing, labels, annotations',
          hint: 'did you mean "injection"?',
        },
        3,
        36,
      ),
      inFile({ path: 'meshwright:objects[0].spec.http[0].route', message: found[1]?.message ?? '' }, 8, 39),
    ]);
    assert.match(found[1]?.message ?? '', /\(weight-sum-100\)$/);
  });

  it('reports one mistake once', () => {
    const reviews = { versions: ['v1', 'v2'], weights: { v1: 90, v2: 20 }, http: [{ timeout: 'soon' }] };
    assert.deepEqual(
      problemsOf({ routes: { default: { reviews } } }).map(({ path }) => path),
      ['meshwright:routes.default.reviews.weights'],
    );
  });
});

describe('the options of a check', () => {
  it("are those of the policy section, with facts from the stack's releases", () => {
    const settings: StackSettings = {
      istio: {
        version: '1.29.0',
        namespace: 'mesh',
        revision: 'blue',
        meshConfig: { a: 1, b: { c: 2 } },
        values: { istiod: { meshConfig: { b: { d: 3 } } } },
      },
      gateways: {
        'istio-ingressgateway': {},
        own: {
          namespace: 'edge',
          labels: { app: 'own' },
          service: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
        },
        there: { install: false },
        verbatim: { values: { service: {} } },
      },
    };
    const policy = { maxStep: 0, revisions: ['green'], mesh: { domain: 'mesh.local' } };
    assert.deepEqual(checkOptions(settings, policy), {
      maxStep: 0,
      mesh: { rootNamespace: 'mesh', meshConfig: { a: 1, b: { c: 2, d: 3 } }, domain: 'mesh.local' },
      istioVersion: '1.29.0',
      revisions: ['blue', 'green'],
      externals: {
        hosts: [
          'istio-ingressgateway.istio-ingress.svc.mesh.local',
          'own.edge.svc.mesh.local',
          'there.istio-ingress.svc.mesh.local',
          'verbatim.istio-ingress.svc.mesh.local',
        ],
      },
      gatewayWorkloads: [
        {
          namespace: 'istio-ingress',
          labels: { istio: 'ingressgateway' },
          ports: [
            { port: 15021, targetPort: 15021 },
            { port: 80, targetPort: 80 },
            { port: 443, targetPort: 443 },
          ],
        },
        { namespace: 'edge', labels: { app: 'own' }, ports: [{ port: 80, targetPort: 8080 }] },
        { namespace: 'istio-ingress', labels: { istio: 'there' } },
        { namespace: 'istio-ingress', labels: { istio: 'verbatim' } },
      ],
    });
  });

  it('do not describe a mesh or gateways that the stack does not install', () => {
    assert.deepEqual(checkOptions({}, { environment: 'prod' }), { environment: 'prod', mesh: {} });
  });

  it('of several stacks are joined, and the stricter setting holds', () => {
    const first = {
      rules: { 'weight-sum-100': 'off', 'host-exists': 'mandatory' },
      externals: { hosts: ['a'] },
      maxStep: 20,
      revisions: ['blue'],
      mesh: { domain: 'mesh.local' },
    } as const;
    const second = {
      rules: { 'weight-sum-100': 'advisory', 'host-exists': 'off', 'gateway-ref': 'off' },
      externals: { hosts: ['b'], secrets: ['shop/tls'] },
      maxStep: 10,
      mesh: { rootNamespace: 'mesh' },
    } as const;
    assert.deepEqual(mergeCheckOptions([first, second] as unknown as Parameters<typeof mergeCheckOptions>[0]), {
      rules: { 'weight-sum-100': 'advisory', 'host-exists': 'mandatory', 'gateway-ref': 'off' },
      externals: { hosts: ['a', 'b'], secrets: ['shop/tls'] },
      maxStep: 10,
      revisions: ['blue'],
      mesh: { domain: 'mesh.local', rootNamespace: 'mesh' },
    });
    assert.deepEqual(mergeCheckOptions([]), {});
  });
});
