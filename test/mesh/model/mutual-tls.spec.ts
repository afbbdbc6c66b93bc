import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { meshModel, type MeshModel, type MeshOptions } from '../../../mesh/model/mesh-model';
import {
  acceptedMode,
  clientTls,
  handshake,
  type CalledPort,
  type ClientTls,
  type Handshake,
  type MeshClient,
} from '../../../mesh/model/mutual-tls';
import { deployment, objects, service } from './objects';

const injected = { 'sidecar.istio.io/inject': 'true' };
const cart = deployment('cart', { app: 'cart', ...injected });
const plainCart = deployment('cart', { app: 'cart', 'sidecar.istio.io/inject': 'false' });
const openCart = deployment('cart', { app: 'cart' });
const front: MeshClient = { proxy: 'sidecar', namespace: 'front', labels: {} };

function peerAuthentication(name: string, namespace: string, spec: Record<string, unknown>): KubernetesObject {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name, namespace },
    spec,
  };
}

function destinationRule(namespace: string, spec: Record<string, unknown>): KubernetesObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'cart', namespace },
    spec: { host: 'cart.shop.svc.cluster.local', ...spec },
  };
}

const strict = { mtls: { mode: 'STRICT' } };
const disabled = { mtls: { mode: 'DISABLE' } };
const selector = { matchLabels: { app: 'cart' } };
const meshWide = peerAuthentication('mesh', 'istio-system', strict);

describe('the PeerAuthentication in force', () => {
  const cases: [string, KubernetesObject[], object][] = [
    ['is PERMISSIVE without any', [], { mode: 'PERMISSIVE', from: undefined }],
    ['is that of the mesh', [meshWide], { mode: 'STRICT', from: 'istio-system/mesh' }],
    [
      'is that of the namespace before that of the mesh',
      [meshWide, peerAuthentication('ns', 'shop', disabled)],
      { mode: 'DISABLE', from: 'shop/ns' },
    ],
    [
      'is that of the mesh when the namespace leaves the mode unset',
      [meshWide, peerAuthentication('ns', 'shop', { mtls: { mode: 'UNSET' } })],
      { mode: 'STRICT', from: 'istio-system/mesh' },
    ],
    [
      'is that of the workload before that of the namespace',
      [peerAuthentication('ns', 'shop', strict), peerAuthentication('w', 'shop', { selector, ...disabled })],
      { mode: 'DISABLE', from: 'shop/w' },
    ],
    [
      'is not that of another workload, nor one of the root namespace with a selector',
      [
        peerAuthentication('w', 'shop', { selector: { matchLabels: { app: 'web' } }, ...strict }),
        peerAuthentication('root', 'istio-system', { selector, ...strict }),
      ],
      { mode: 'PERMISSIVE', from: undefined },
    ],
    [
      'is that of the container port behind the port of the service',
      [peerAuthentication('w', 'shop', { selector, ...strict, portLevelMtls: { 8080: { mode: 'DISABLE' } } })],
      { mode: 'DISABLE', from: 'shop/w' },
    ],
    [
      'leaves other ports with the mode of the workload',
      [peerAuthentication('w', 'shop', { selector, ...strict, portLevelMtls: { 80: { mode: 'DISABLE' } } })],
      { mode: 'STRICT', from: 'shop/w' },
    ],
    [
      'is that of the workload where the port leaves it unset',
      [peerAuthentication('w', 'shop', { selector, ...strict, portLevelMtls: { 8080: { mode: 'UNSET' } } })],
      { mode: 'STRICT', from: 'shop/w' },
    ],
    [
      'may be for one port alone',
      [meshWide, peerAuthentication('w', 'shop', { selector, portLevelMtls: { 8080: { mode: 'PERMISSIVE' } } })],
      { mode: 'PERMISSIVE', from: 'shop/w' },
    ],
    [
      'is the oldest of one level',
      [peerAuthentication('b', 'shop', disabled), peerAuthentication('a', 'shop', strict)],
      { mode: 'STRICT', from: 'shop/a' },
    ],
  ];
  const target = service('cart', { ports: [{ name: 'http', port: 80, targetPort: 'web' }] });
  const workload = deployment(
    'cart',
    { app: 'cart' },
    {},
    { containers: [{ name: 'app', ports: [{ name: 'web', containerPort: 8080 }] }] },
  );
  for (const [title, policies, expected] of cases) {
    it(title, () => {
      const { mesh, called, pods } = parts([target, workload, ...policies]);
      const { mode, decidedBy } = acceptedMode(mesh, called, pods, 80);
      assert.deepEqual({ mode, from: decidedBy && `${decidedBy.namespace}/${decidedBy.name}` }, expected);
    });
  }
});

describe('the TLS settings in force for a client', () => {
  const tls = (mode?: string, more: object = {}): object => ({
    tls: { ...(mode === undefined ? {} : { mode }), ...more },
  });
  const port = (number: number, settings: object): object => ({
    portLevelSettings: [{ port: { number }, ...settings }],
  });
  const cases: [string, KubernetesObject[], Partial<MeshClient & CalledPort>, Shown][] = [
    ['are none without a rule', [], {}, none()],
    [
      'are those of the rule',
      [destinationRule('shop', { trafficPolicy: tls('SIMPLE') })],
      {},
      from('SIMPLE', 'shop', 'spec.trafficPolicy.tls'),
    ],
    [
      'are DISABLE without a mode',
      [destinationRule('shop', { trafficPolicy: tls() })],
      {},
      from('DISABLE', 'shop', 'spec.trafficPolicy.tls'),
    ],
    [
      'are those of the rule of the client namespace before the rest',
      [
        destinationRule('shop', { trafficPolicy: tls('DISABLE') }),
        destinationRule('front', { trafficPolicy: tls('ISTIO_MUTUAL') }),
        destinationRule('istio-system', { trafficPolicy: tls('SIMPLE') }),
      ],
      {},
      from('ISTIO_MUTUAL', 'front', 'spec.trafficPolicy.tls'),
    ],
    [
      'are those of the root namespace when the service namespace does not export its rule',
      [
        destinationRule('shop', { exportTo: ['.'], trafficPolicy: tls('DISABLE') }),
        destinationRule('istio-system', { trafficPolicy: tls('SIMPLE') }),
      ],
      {},
      from('SIMPLE', 'istio-system', 'spec.trafficPolicy.tls'),
    ],
    [
      'are none when the rule of the client namespace says nothing of TLS',
      [destinationRule('shop', { trafficPolicy: tls('DISABLE') }), destinationRule('front', { trafficPolicy: {} })],
      {},
      none(),
    ],
    [
      'are those of the port instead of those of the rule',
      [destinationRule('shop', { trafficPolicy: { ...tls('DISABLE'), ...port(80, tls('ISTIO_MUTUAL')) } })],
      {},
      from('ISTIO_MUTUAL', 'shop', 'spec.trafficPolicy.portLevelSettings[0].tls'),
    ],
    [
      'are none for a port whose settings leave TLS out',
      [destinationRule('shop', { trafficPolicy: { ...tls('DISABLE'), ...port(80, {}) } })],
      {},
      none(),
    ],
    [
      'are those of the rule for a port without settings',
      [destinationRule('shop', { trafficPolicy: { ...tls('DISABLE'), ...port(90, {}) } })],
      {},
      from('DISABLE', 'shop', 'spec.trafficPolicy.tls'),
    ],
    [
      'are those of the subset before those of the rule',
      [
        destinationRule('shop', {
          trafficPolicy: tls('ISTIO_MUTUAL'),
          subsets: [{ name: 'v1', trafficPolicy: tls('DISABLE') }, { name: 'v2' }],
        }),
      ],
      { subset: 'v1' },
      from('DISABLE', 'shop', 'spec.subsets[0].trafficPolicy.tls'),
    ],
    [
      'are those of the rule for a subset that has none',
      [
        destinationRule('shop', {
          trafficPolicy: tls('ISTIO_MUTUAL'),
          subsets: [
            { name: 'v1', trafficPolicy: tls('DISABLE') },
            { name: 'v2', trafficPolicy: {} },
          ],
        }),
      ],
      { subset: 'v2' },
      from('ISTIO_MUTUAL', 'shop', 'spec.trafficPolicy.tls'),
    ],
    [
      'are none for a port of a subset whose settings leave TLS out',
      [
        destinationRule('shop', {
          trafficPolicy: tls('ISTIO_MUTUAL'),
          subsets: [{ name: 'v1', trafficPolicy: { ...tls('SIMPLE'), ...port(80, {}) } }],
        }),
      ],
      { subset: 'v1' },
      none(),
    ],
    [
      'are those of a rule that selects the client',
      [destinationRule('front', { trafficPolicy: tls('SIMPLE'), workloadSelector: { matchLabels: { app: 'web' } } })],
      { labels: { app: 'web' } },
      from('SIMPLE', 'front', 'spec.trafficPolicy.tls'),
    ],
    [
      'are not those of a rule that selects other clients',
      [destinationRule('front', { trafficPolicy: tls('SIMPLE'), workloadSelector: { matchLabels: { app: 'web' } } })],
      {},
      none(),
    ],
    [
      'are plaintext in a sidecar when the rule names a Secret and selects no workloads',
      [destinationRule('shop', { trafficPolicy: tls('SIMPLE', { credentialName: 'client' }) })],
      {},
      from('DISABLE', 'shop', 'spec.trafficPolicy.tls'),
    ],
    [
      'use a Secret at a gateway',
      [destinationRule('shop', { trafficPolicy: tls('SIMPLE', { credentialName: 'client' }) })],
      { proxy: 'gateway' },
      from('SIMPLE', 'shop', 'spec.trafficPolicy.tls'),
    ],
    [
      'are none for a client without a proxy',
      [destinationRule('shop', { trafficPolicy: tls('SIMPLE') })],
      { proxy: 'none' },
      none(),
    ],
  ];
  for (const [title, rules, { subset, ...client }, expected] of cases) {
    it(title, () => {
      const { mesh, called } = parts([service('cart'), cart, ...rules]);
      assert.deepEqual(shown(clientTls(mesh, { ...front, ...client }, called, { port: 80, subset })), expected);
    });
  }

  interface Shown {
    mode: ClientTls['mode'];
    source: string | undefined;
    path: string | undefined;
  }

  function shown({ mode, source, path }: ClientTls): Shown {
    return { mode, source: source?.namespace, path };
  }

  function from(mode: ClientTls['mode'], source: string, path: string): Shown {
    return { mode, source, path };
  }

  function none(): Shown {
    return { mode: undefined, source: undefined, path: undefined };
  }
});

describe('the connection of a client to a workload', () => {
  const rule = (mode: string): KubernetesObject => destinationRule('shop', { trafficPolicy: { tls: { mode } } });
  const namespaceStrict = peerAuthentication('ns', 'shop', strict);
  const namespaceDisabled = peerAuthentication('ns', 'shop', disabled);
  const workloadStrict = peerAuthentication('w', 'shop', { selector, ...strict });
  const portDisabled = peerAuthentication('w', 'shop', {
    selector,
    ...strict,
    portLevelMtls: { 80: { mode: 'DISABLE' } },
  });
  type Case = [
    string,
    KubernetesObject[],
    MeshClient['proxy'],
    [Handshake['sent'], Handshake['accepted'], Handshake['result']],
  ];
  const cases: Case[] = [
    ['is mutual TLS between two sidecars', [cart], 'sidecar', ['mutual', 'PERMISSIVE', 'accepted']],
    ['is mutual TLS from a gateway to a sidecar', [cart], 'gateway', ['mutual', 'PERMISSIVE', 'accepted']],
    ['is plaintext from a client without a proxy', [cart], 'none', ['plaintext', 'PERMISSIVE', 'accepted']],
    ['is plaintext to a workload without a proxy', [plainCart], 'sidecar', ['plaintext', undefined, 'accepted']],
    ['is refused as plaintext by STRICT', [cart, namespaceStrict], 'none', ['plaintext', 'STRICT', 'refused']],
    ['is accepted as mutual TLS by STRICT', [cart, namespaceStrict], 'sidecar', ['mutual', 'STRICT', 'accepted']],
    [
      'is refused when a rule disables it under STRICT',
      [cart, namespaceStrict, rule('DISABLE')],
      'sidecar',
      ['plaintext', 'STRICT', 'refused'],
    ],
    [
      'is accepted as plaintext under PERMISSIVE',
      [cart, rule('DISABLE')],
      'sidecar',
      ['plaintext', 'PERMISSIVE', 'accepted'],
    ],
    [
      'is plaintext where the namespace disables mutual TLS',
      [cart, namespaceDisabled],
      'sidecar',
      ['plaintext', 'DISABLE', 'accepted'],
    ],
    [
      'is refused where a rule asks for mutual TLS and the namespace disables it',
      [cart, namespaceDisabled, rule('ISTIO_MUTUAL')],
      'sidecar',
      ['mutual', 'DISABLE', 'refused'],
    ],
    [
      'is refused where a rule asks for mutual TLS with a workload without a proxy',
      [plainCart, rule('ISTIO_MUTUAL')],
      'sidecar',
      ['mutual', undefined, 'refused'],
    ],
    [
      'is plaintext, and refused, where a workload of a disabled namespace is STRICT',
      [cart, namespaceDisabled, workloadStrict],
      'sidecar',
      ['plaintext', 'STRICT', 'refused'],
    ],
    [
      'is plaintext to a port that disables mutual TLS',
      [cart, portDisabled],
      'sidecar',
      ['plaintext', 'DISABLE', 'accepted'],
    ],
    [
      'is refused as TLS of the client by STRICT',
      [cart, namespaceStrict, rule('SIMPLE')],
      'sidecar',
      ['tls', 'STRICT', 'refused'],
    ],
    [
      'is not known as TLS with a certificate of the client under STRICT',
      [cart, namespaceStrict, rule('MUTUAL')],
      'sidecar',
      ['tls', 'STRICT', 'unknown'],
    ],
    [
      'is not known as TLS of the client otherwise',
      [plainCart, rule('SIMPLE')],
      'sidecar',
      ['tls', undefined, 'unknown'],
    ],
    [
      'is plaintext to a port whose settings leave out the DISABLE of the rule',
      [
        cart,
        destinationRule('shop', {
          trafficPolicy: { tls: { mode: 'DISABLE' }, portLevelSettings: [{ port: { number: 80 } }] },
        }),
      ],
      'sidecar',
      ['plaintext', 'PERMISSIVE', 'accepted'],
    ],
    [
      'is mutual TLS to an ambient workload, whatever a rule says',
      [ambient(cart), rule('DISABLE'), namespaceStrict],
      'sidecar',
      ['mutual', 'STRICT', 'accepted'],
    ],
    [
      'is refused as plaintext by a STRICT ambient workload',
      [ambient(cart), namespaceStrict],
      'none',
      ['plaintext', 'STRICT', 'refused'],
    ],
    [
      'is not known as mutual TLS with a gateway',
      [gatewayPod(), rule('ISTIO_MUTUAL')],
      'sidecar',
      ['mutual', 'PERMISSIVE', 'unknown'],
    ],
  ];
  for (const [title, given, proxy, expected] of cases) {
    it(title, () => {
      const { mesh, called, pods } = parts([service('cart'), ...given]);
      const { sent, accepted, result } = handshake(mesh, { ...front, proxy }, called, { port: 80 }, pods);
      assert.deepEqual([sent, accepted, result], expected);
    });
  }

  const shop = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
  const injection: [string, KubernetesObject[], MeshClient['proxy'], Handshake['result']][] = [
    [
      'is accepted by automatic mutual TLS with and without injection',
      [openCart, namespaceStrict],
      'sidecar',
      'accepted',
    ],
    [
      'is not known as plaintext to STRICT where the namespace may have injection',
      [openCart, namespaceStrict],
      'none',
      'unknown',
    ],
    [
      'is not known under DISABLE and STRICT where the namespace may have injection',
      [openCart, namespaceStrict, rule('DISABLE')],
      'sidecar',
      'unknown',
    ],
    [
      'is not known as mutual TLS of a rule where the namespace may have injection',
      [openCart, rule('ISTIO_MUTUAL')],
      'sidecar',
      'unknown',
    ],
    [
      'is accepted as plaintext in a namespace without injection',
      [shop, openCart, namespaceStrict],
      'none',
      'accepted',
    ],
  ];
  for (const [title, given, proxy, expected] of injection) {
    it(title, () => {
      const { mesh, called, pods } = parts([service('cart'), ...given]);
      assert.equal(handshake(mesh, { ...front, proxy }, called, { port: 80 }, pods).result, expected);
    });
  }

  it('is plaintext without automatic mutual TLS', () => {
    const { mesh, called, pods } = parts([service('cart'), cart], { meshConfig: { enableAutoMtls: false } });
    assert.equal(handshake(mesh, front, called, { port: 80 }, pods).sent, 'plaintext');
  });

  it('is mutual TLS with a headless Service only when all of its endpoints have a sidecar', () => {
    const headless = service('cart', { clusterIP: 'None' });
    const other = { ...plainCart, metadata: { name: 'other', namespace: 'shop' } };
    const sent = [
      [headless, cart],
      [headless, cart, other],
    ].map((given) => {
      const { mesh, called, pods } = parts(given);
      return handshake(mesh, front, called, { port: 80 }, pods).sent;
    });
    assert.deepEqual(sent, ['mutual', 'plaintext']);
  });

  it('names the rule and the policy that decide', () => {
    const { mesh, called, pods } = parts([service('cart'), cart, namespaceStrict, rule('DISABLE')]);
    const found = handshake(mesh, front, called, { port: 80 }, pods);
    assert.deepEqual(
      { ...found, rule: found.rule?.object, policy: found.policy?.object },
      { sent: 'plaintext', accepted: 'STRICT', result: 'refused', rule: rule('DISABLE'), policy: namespaceStrict },
    );
  });
});

/** The model, its Service cart and its workload cart. */
function parts(
  given: KubernetesObject[],
  options?: MeshOptions,
): { mesh: MeshModel; called: MeshModel['services']['all'][number]; pods: MeshModel['workloads']['all'][number] } {
  const mesh = meshModel(given, options);
  const called = mesh.serviceFor('cart', 'shop');
  const pods = mesh.workloads.get('shop', 'cart');
  assert(called !== undefined && pods !== undefined);
  return { mesh, called, pods };
}

function ambient({ spec, ...rest }: KubernetesObject): KubernetesObject {
  return {
    ...rest,
    spec: { ...spec, template: { metadata: { labels: { app: 'cart', 'istio.io/dataplane-mode': 'ambient' } } } },
  };
}

function gatewayPod(): KubernetesObject {
  const [pod] = objects(`
apiVersion: v1
kind: Pod
metadata:
  name: cart
  namespace: shop
  labels: { app: cart, sidecar.istio.io/inject: 'true' }
  annotations: { inject.istio.io/templates: gateway }
spec: { containers: [{ name: istio-proxy, image: auto }] }
`);
  assert(pod);
  return pod;
}
