import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { routeSetType } from '../../../mesh/manifests/route-set';
import type { StackSettings } from '../../../mesh/manifests/settings';
import { Routes } from '../../../components/routes';
import { judgeAhead } from '../../../policy/pack/ahead';
import { expectedStack } from '../../../policy/pack/expected-stack';
import { objectPolicy } from '../../../policy/pack/object-policy';
import type { ResourceArgs } from '../../../policy/pack/resource';
import { meshPolicy } from '../../../policy/pack/stack-policies';
import { rules } from '../../../policy/rules';
import { registrations } from '../../components/support/registrations';

const routes = {
  shop: { cart: { versions: ['v1', 'v2'], weights: { v1: 90, v2: 10 } }, till: { versions: ['v1'] } },
  bank: { teller: { versions: ['v1', 'v2'], weights: { v1: 'rest', v2: 30 } } },
} as const;

/** Routes what a set routes, too: nothing that either of them shows by itself. */
const rival = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'rival', namespace: 'shop' },
  spec: { hosts: ['cart'], http: [{ route: [{ destination: { host: 'cart' } }] }] },
};
const conflicts = [
  ['cart', 'rival', 'shop'],
  ['rival', 'cart', 'rival'],
].map(
  ([own, other, resource]) =>
    `ahead-${resource}: VirtualService shop/${own} spec.hosts[0]: host cart.shop.svc.cluster.local is also routed by VirtualService shop/${other} in the mesh; sidecars use one of them and ignore the rest. Put the rules into one VirtualService [vs-host-conflict, IST0109, KIA1106]`,
);

/** What the program registers. */
interface Registered {
  type: string;
  name: string;
  props: Record<string, unknown>;
}

const ofRival = { type: 'kubernetes:networking.istio.io/v1:VirtualService', name: 'rival', props: rival };

const run = { getConfig: () => ({}), stackTags: new Map() } as unknown as ResourceArgs;

/** The set of a namespace as the program registers it, or with another weight in place of 90. */
async function setOf(namespace: string, services: object, weight = '90'): Promise<Registered> {
  const args = { namespace, services, policy: false } as unknown as ConstructorParameters<typeof Routes>[1];
  const [, set] = await registrations(() => new Routes(namespace, args));
  assert.ok(set);
  // The engine hands over the fields of a map by their names.
  const objects = Object.entries(set.inputs['objects'] as Record<string, string>).sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = objects.map(([title, text]) => [title, text.replace('"weight":90', `"weight":${weight}`)]);
  return {
    type: routeSetType,
    name: namespace,
    props: { ...set.inputs, objects: Object.fromEntries(texts) as object },
  };
}

/** What the policy for objects says of a resource. */
function findings({ type, name, props }: Registered): string[] {
  const told: string[] = [];
  objectPolicy.validateResource({ ...run, type, urn: `ahead-${name}`, props }, (message) => told.push(message));
  return told.map((message) => message.split('\n')[0] ?? '');
}

/** What the policy over the stack says of a program that registers these. */
function stackFindings(registered: Registered[]): string[] {
  const told: string[] = [];
  const alone = { opts: { ignoreChanges: [] }, dependencies: [], propertyDependencies: {} };
  const resources = registered.map((one) => ({ ...alone, ...one, urn: `ahead-${one.name}` }));
  meshPolicy.validateStack({ ...run, resources }, (message, urn) => {
    told.push(`${urn ?? ''}: ${message.split('\n')[0] ?? ''}`);
  });
  return told;
}

describe('a stack file that is judged ahead', () => {
  const rule = rules.find(({ id }) => id === 'weight-sum-100');
  assert.ok(rule);
  const check = rule.check.bind(rule);
  const config = process.env['PULUMI_CONFIG'];
  let asked = 0;
  before(async () => {
    rule.check = (...question) => {
      asked++;
      return check(...question);
    };
    const broken = { never: 5, refused: { a: null } };
    process.env['PULUMI_CONFIG'] = JSON.stringify({
      'meshwright:routes': JSON.stringify({ ...broken, ...routes }),
      'meshwright:objects': JSON.stringify([rival]),
      'meshwright:apps': 'no JSON',
      'other:thing': '{}',
    });
    judgeAhead();
    for (let waited = 0; asked < 4 && waited < 10_000; waited += 20) await setTimeout(20);
  });
  after(() => {
    rule.check = check;
    if (config === undefined) delete process.env['PULUMI_CONFIG'];
    else process.env['PULUMI_CONFIG'] = config;
  });

  it('is not judged again when the program registers the same, whatever else is in the file', async () => {
    const registered = [await setOf('bank', routes.bank), ofRival, await setOf('shop', routes.shop)];
    assert.equal(asked, 4, 'each resource, and the stack');
    assert.deepEqual(registered.map(findings), [[], [], []]);
    assert.deepEqual(stackFindings(registered), conflicts);
    assert.equal(asked, 4);
  });

  it('is judged as it is registered when that is something else', async () => {
    const bad = await setOf('shop', routes.shop, '100');
    const told = [
      'VirtualService shop/cart spec.http[0].route: weights must sum to 100, these sum to 110 (v1 100, v2 10); Istio would scale them to v1 90.9 %, v2 9.1 % [weight-sum-100, IST0106]',
    ];
    assert.deepEqual(findings(bad), told);
    assert.equal(asked, 5);
    assert.deepEqual(stackFindings([await setOf('bank', routes.bank), bad, ofRival]), conflicts);
    assert.deepEqual(stackFindings([await setOf('bank', routes.bank), await setOf('shop', routes.shop)]), []);
    assert.equal(asked, 7);
  });

  it('ends nothing where it cannot be judged', () => {
    process.env['PULUMI_CONFIG'] = JSON.stringify({ 'meshwright:routes': 'null' });
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      judgeAhead();
      assert.doesNotThrow(() => mock.timers.runAll());
    } finally {
      mock.timers.reset();
    }
  });

  it('is what can be rendered, where a part of it cannot', () => {
    const sections = { gateways: { web: null }, objects: [rival], routes };
    assert.deepEqual(
      expectedStack(sections as unknown as StackSettings).map(({ type, name }) => [type, name]),
      [
        [routeSetType, 'shop'],
        [routeSetType, 'bank'],
      ],
    );
  });
});
