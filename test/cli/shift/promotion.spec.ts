import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { stackValue } from '../../../config/edit';
import type { RouteSettings } from '../../../mesh/manifests/settings';
import { promotionMarkdown, promotionOf, type PromotionInput } from '../../../cli/shift/promotion';

const hour = 3_600_000;

type Fields = Record<string, unknown>;

function stack(environment: string, route: Fields, more: Fields = {}): string {
  return `# ${environment}\n${stringify({
    encryptionsalt: `salt-${environment}`,
    config: {
      'kubernetes:context': environment,
      'meshwright:gateways': { edge: { namespace: `edge-${environment}` } },
      'meshwright:policy': { environment, externals: { secrets: [`edge/${environment}`] } },
      'meshwright:apps': { shop: { secure: `v1:cipher-${environment}` } },
      'meshwright:routes': {
        shop: {
          cart: { hosts: [`${environment}.example.com`], gateways: [`edge-${environment}`], port: 8080, ...route },
        },
      },
      ...more,
    },
  })}# end of ${environment}\n`;
}

function promoted(source: string, target: string, more: Partial<PromotionInput> = {}): ReturnType<typeof promotionOf> {
  const settings = stackValue(source, ['routes', 'shop', 'cart']) as RouteSettings;
  return promotionOf({
    source,
    target,
    routes: undefined,
    deployed: () => [{ settings, deployedAt: 0, provenAt: 0 }],
    base: () => undefined,
    maxAgeMs: 24 * hour,
    now: hour,
    ...more,
  });
}

const from = { versions: ['v1', 'v2'], weights: { v1: 'rest', v2: 50 } };
const to = { versions: ['v1', 'v2'], weights: { v1: 'rest', v2: 10 } };

/** Planted values that must stay in their environment. */
const planted: Record<string, Fields> = {
  'an Authorization header': { http: [{ headers: { request: { set: { Authorization: 'Bearer dev' } } } }] },
  'an API key': { http: [{ headers: { request: { add: { 'x-api-key': 'dev' } } } }] },
  'a session cookie': { http: [{ headers: { response: { add: { 'Set-Cookie': 'dev=1' } } } }] },
  'a token by another name': { http: [{ headers: { request: { set: { 'x-db-token': 'dev' } } } }] },
  'a password': { http: [{ headers: { request: { set: { 'db-password': 'dev' } } } }] },
  'an encrypted value': { http: [{ headers: { request: { set: { team: { secure: 'v1:dev' } } } } }] },
  'a gateway in a match': { http: [{ match: [{ gateways: ['edge-dev'] }] }] },
  'an authority in a match': { http: [{ match: [{ authority: { exact: 'dev.example.com' } }] }] },
  'a redirect': { http: [{ redirect: { authority: 'dev.example.com' } }] },
  'a rewrite': { http: [{ rewrite: { authority: 'dev.example.com' } }] },
  'a destination': { http: [{ route: [{ destination: { host: 'cart.dev.example.com' } }] }] },
  'a mirror': { http: [{ mirror: { host: 'cart.dev.example.com' } }] },
  'a delegate': { http: [{ delegate: { name: 'dev', namespace: 'dev' } }] },
  'a sender': { http: [{ match: [{ sourceNamespace: 'dev' }] }] },
  'labels of senders': { http: [{ match: [{ sourceLabels: { team: 'dev' } }] }] },
  "a version's host": { versions: { v1: {}, v2: { host: 'cart.dev' } } },
  'a certificate': { trafficPolicy: { tls: { mode: 'SIMPLE', credentialName: 'dev' } } },
  'a certificate file': { trafficPolicy: { tls: { mode: 'SIMPLE', caCertificates: '/etc/dev.pem' } } },
  'a CORS secret': { http: [{ headers: { request: { set: { 'client-secret': 'dev' } } } }] },
  'a proxy login': { http: [{ headers: { request: { set: { 'Proxy-Authorization': 'Basic dev' } } } }] },
};

/** Keys outside of what a promotion moves. */
const foreign: Record<string, Fields> = {
  hosts: { hosts: ['other.dev'] },
  gateways: { gateways: ['other-dev'] },
  port: { port: 9999 },
  host: { host: 'cart.dev' },
  'the name of the VirtualService': { virtualService: { name: 'cart-dev' } },
  'labels of the VirtualService': { virtualService: { labels: { env: 'dev' } } },
  'the name of the DestinationRule': { destinationRule: { name: 'cart-dev' } },
  'tcp rules': { tcp: [{ route: [{ destination: { host: 'dev' } }] }] },
  'tls rules': { tls: [{ match: [{ sniHosts: ['dev'] }] }] },
  install: { destinationRule: { install: false } },
};

describe('a promotion', () => {
  it('knows at least 30 pairs of files', () =>
    assert.ok(Object.keys(planted).length + Object.keys(foreign).length >= 30));

  it('moves the weight, and no other byte', () => {
    const target = stack('staging', to);
    const { text, moves, refused } = promoted(stack('dev', from), target);
    assert.deepEqual(refused, []);
    assert.deepEqual(
      moves.map(({ route, part }) => [route, part]),
      [['shop/cart', 'weights']],
    );
    assert.equal(text, target.replace('v2: 10', 'v2: 50'));
  });

  for (const [name, fields] of Object.entries({ ...planted, ...foreign })) {
    it(`leaves ${name} where it is`, () => {
      const target = stack('staging', to);
      const { text } = promoted(stack('dev', { ...from, ...fields }), target);
      assert.equal(text, target.replace('v2: 10', 'v2: 50'));
    });
  }

  it('refuses what was never proven live, and a proof that is too old', () => {
    const [source, target] = [stack('dev', from), stack('staging', to)];
    const other = {
      settings: stackValue(target, ['routes', 'shop', 'cart']) as RouteSettings,
      deployedAt: 0,
      provenAt: 0,
    };
    const settings = stackValue(source, ['routes', 'shop', 'cart']) as RouteSettings;
    const reasons = (more: Partial<PromotionInput>): string[] => promoted(source, target, more).refused;
    const never = ["shop/cart: the source's config was never proven live; deploy it there first"];
    assert.deepEqual(reasons({ deployed: () => [] }), never);
    assert.deepEqual(reasons({ deployed: () => [other] }), never);
    assert.deepEqual(reasons({ deployed: () => [{ settings, deployedAt: 0 }] }), [
      "shop/cart: no proxy was seen to serve the source's config; `meshwright live` on the source proves it",
    ]);
    assert.deepEqual(reasons({ now: 25 * hour }), [
      'shop/cart: the proof is 25 h old, at most 24 h are allowed; `meshwright live` on the source proves it again',
    ]);
  });

  it('refuses a part that both have changed, and keeps one that only the target has', () => {
    const [source, target] = [stack('dev', from), stack('staging', to)];
    const base = (weights: Fields) => () => ({ ...from, weights }) as RouteSettings;
    assert.deepEqual(promoted(source, target, { base: base({ v1: 100 }) }).refused, [
      'shop/cart: weights was changed in both since the last promotion; set one of them by hand',
    ]);
    const { kept, text } = promoted(source, target, { base: base(from.weights) });
    assert.deepEqual([kept, text], [['shop/cart: weights was changed in the target only, and stays'], target]);
  });

  it('writes Markdown for a pull request', () => {
    const promotion = promoted(stack('dev', from), stack('staging', to));
    assert.equal(
      promotionMarkdown('dev', 'staging', promotion, ''),
      '## Promote dev to staging\n\n| route | part | last promoted | now | then |\n| --- | --- | --- | --- | --- |\n| shop/cart | weights | `-` | `{"v1":"rest","v2":10}` | `{"v1":"rest","v2":50}` |\n',
    );
  });
});
