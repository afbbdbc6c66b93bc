import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { Routes } from '../../../components/routes';
import { judgeAhead } from '../../../policy/pack/ahead';
import { objectPolicy } from '../../../policy/pack/object-policy';
import type { ResourceArgs } from '../../../policy/pack/resource';
import { rules } from '../../../policy/rules';
import { registrations } from '../../components/support/registrations';

const routes = {
  shop: { cart: { versions: ['v1', 'v2'], weights: { v1: 90, v2: 10 } }, till: { versions: ['v1'] } },
  bank: { teller: { versions: ['v1', 'v2'], weights: { v1: 'rest', v2: 30 } } },
} as const;

/** The policy's findings on the set of a namespace as the program registers it, or with another weight in place of 90. */
async function findings(namespace: string, services: object, weight = '90'): Promise<string[]> {
  const args = { namespace, services, policy: false } as unknown as ConstructorParameters<typeof Routes>[1];
  const [, set] = await registrations(() => new Routes(namespace, args));
  assert.ok(set);
  const told: string[] = [];
  const run = { getConfig: () => ({}), stackTags: new Map() } as unknown as ResourceArgs;
  // The engine hands over the fields of a map by their names.
  const objects = Object.entries(set.inputs['objects'] as Record<string, string>).sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = objects.map(([title, text]) => [title, text.replace('"weight":90', `"weight":${weight}`)]);
  const props = { ...set.inputs, objects: Object.fromEntries(texts) as object };
  objectPolicy.validateResource({ ...run, type: set.type, urn: `ahead-${namespace}`, props }, (message) =>
    told.push(message),
  );
  return told;
}

describe('routes that are judged ahead', () => {
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
    process.env['PULUMI_CONFIG'] = JSON.stringify({ 'meshwright:routes': JSON.stringify({ ...broken, ...routes }) });
    judgeAhead();
    for (let waited = 0; asked < 2 && waited < 10_000; waited += 20) await setTimeout(20);
  });
  after(() => {
    rule.check = check;
    if (config === undefined) delete process.env['PULUMI_CONFIG'];
    else process.env['PULUMI_CONFIG'] = config;
  });

  it('are not judged again when the program registers the same, whatever else is in the stack file', async () => {
    assert.equal(asked, 2);
    assert.deepEqual([await findings('shop', routes.shop), await findings('bank', routes.bank)], [[], []]);
    assert.equal(asked, 2);
  });

  it('are judged as they are registered when that is something else', async () => {
    const told = await findings('shop', routes.shop, '100');
    assert.equal(asked, 3);
    assert.deepEqual(
      told.map((message) => message.split('\n')[0]),
      [
        'VirtualService shop/cart spec.http[0].route: weights must sum to 100, these sum to 110 (v1 100, v2 10); Istio would scale them to v1 90.9 %, v2 9.1 % [weight-sum-100, IST0106]',
      ],
    );
  });
});
