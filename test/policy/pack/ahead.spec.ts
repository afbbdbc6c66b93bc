import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { routeSetType } from '../../../components/manifests/route-set';
import { Routes } from '../../../components/routes';
import { judgeAhead } from '../../../policy/pack/ahead';
import { objectPolicy } from '../../../policy/pack/object-policy';
import type { ResourceArgs } from '../../../policy/pack/resource';
import { meshPolicy } from '../../../policy/pack/stack-policies';
import { rules } from '../../../policy/rules';
import { registrations } from '../../components/support/registrations';

const routes = {
  shop: { cart: { versions: ['v1', 'v2'], weights: { v1: 90, v2: 10 } }, till: { versions: ['v1'] } },
  bank: { teller: { versions: ['v1', 'v2'], weights: { v1: 'rest', v2: 30 } } },
} as const;

interface RouteSet {
  namespace: string;
  props: Record<string, unknown>;
}

const run = { getConfig: () => ({}), stackTags: new Map() } as unknown as ResourceArgs;

/** The set of a namespace as the program registers it, or with another weight in place of 90. */
async function setOf(namespace: string, services: object, weight = '90'): Promise<RouteSet> {
  const args = { namespace, services, policy: false } as unknown as ConstructorParameters<typeof Routes>[1];
  const [, set] = await registrations(() => new Routes(namespace, args));
  assert.ok(set);
  // The engine hands over the fields of a map by their names.
  const objects = Object.entries(set.inputs['objects'] as Record<string, string>).sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = objects.map(([title, text]) => [title, text.replace('"weight":90', `"weight":${weight}`)]);
  return { namespace, props: { ...set.inputs, objects: Object.fromEntries(texts) as object } };
}

/** What the policy for objects says of a set. */
function findings({ namespace, props }: RouteSet): string[] {
  const told: string[] = [];
  const resource = { type: routeSetType, urn: `ahead-${namespace}`, props };
  objectPolicy.validateResource({ ...run, ...resource }, (message) => told.push(message));
  return told.map((message) => message.split('\n')[0] ?? '');
}

/** What the policy over the stack says of a program that registers these sets. */
function stackFindings(sets: RouteSet[]): string[] {
  const told: string[] = [];
  const alone = { opts: { ignoreChanges: [] }, dependencies: [], propertyDependencies: {} };
  const resources = sets.map(({ namespace, props }) => ({
    ...alone,
    type: routeSetType,
    urn: `ahead-${namespace}`,
    name: namespace,
    props,
  }));
  meshPolicy.validateStack({ ...run, resources }, (message) => told.push(message));
  return told.map((message) => message.split('\n')[0] ?? '');
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
      'meshwright:gateways': JSON.stringify({ web: null }),
      'meshwright:apps': 'no JSON',
      'other:thing': '{}',
    });
    judgeAhead();
    for (let waited = 0; asked < 3 && waited < 10_000; waited += 20) await setTimeout(20);
  });
  after(() => {
    rule.check = check;
    if (config === undefined) delete process.env['PULUMI_CONFIG'];
    else process.env['PULUMI_CONFIG'] = config;
  });

  it('is not judged again when the program registers the same, whatever else is in the file', async () => {
    const sets = [await setOf('bank', routes.bank), await setOf('shop', routes.shop)];
    assert.equal(asked, 3, 'each set, and the stack');
    assert.deepEqual(sets.map(findings), [[], []]);
    assert.deepEqual(stackFindings(sets), []);
    assert.equal(asked, 3);
  });

  it('is judged as it is registered when that is something else', async () => {
    const bad = await setOf('shop', routes.shop, '100');
    const told = [
      'VirtualService shop/cart spec.http[0].route: weights must sum to 100, these sum to 110 (v1 100, v2 10); Istio would scale them to v1 90.9 %, v2 9.1 % [weight-sum-100, IST0106]',
    ];
    assert.deepEqual(findings(bad), told);
    assert.equal(asked, 4);
    // A set twice is two objects for each of its own.
    const twice = [
      await setOf('bank', routes.bank),
      await setOf('shop', routes.shop),
      await setOf('shop', routes.shop),
    ];
    assert.deepEqual(
      stackFindings(twice).map((text) => text.replace(/: .*\[/, ' [')),
      ['VirtualService shop/cart spec.hosts[0] [vs-host-conflict, IST0109, KIA1106]'],
    );
    assert.equal(asked, 5);
  });
});
