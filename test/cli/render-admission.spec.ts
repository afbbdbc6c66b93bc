import assert from 'node:assert/strict';
import { Environment } from '@marcbachmann/cel-js';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { admissionPolicy } from '../../cli/render/admission';
import { asList, asMap } from '../../mesh/json';

function virtualService(namespace: string, ...hosts: string[]): { object: KubernetesObject; origin: string } {
  const object = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'web', namespace },
    spec: { hosts },
  };
  return { object, origin: 'meshwright:objects[0]' };
}

const [policy, binding] = admissionPolicy('dev', {
  namespaces: ['shop', 'edge'],
  existingNamespaces: [],
  objects: [
    virtualService('shop', 'web', 'www.example.com', '*.shop.example', '*'),
    virtualService('edge', 'web.shop.svc.cluster.local', 'a.shop.example', '*.a.shop.example', '*-api.example'),
  ],
});

/** The hosts that the policy refuses to a namespace, evaluated with its own expressions. */
function foreign(namespace: string, hosts: string[]): unknown {
  const spec = asMap(policy?.spec);
  const environment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });
  const variables: Record<string, unknown> = {};
  const context = { object: { spec: { hosts } }, request: { namespace }, variables };
  for (const { name, expression } of asList(spec['variables']) as { name: string; expression: string }[])
    variables[name] = environment.evaluate(expression, context);
  return variables['foreign'];
}

describe('the admission policy of a stack', () => {
  it('refuses hosts that another namespace of the stack routes', () => {
    const cases: [string, string[], string[]][] = [
      ['shop', ['web', 'www.example.com', 'x.shop.example', '*'], []],
      ['shop', ['a.shop.example', 'b.a.shop.example'], ['a.shop.example', 'b.a.shop.example']],
      ['edge', ['a.shop.example', 'b.a.shop.example', 'web.shop.svc.cluster.local'], []],
      ['shop', ['x-api.example', 'api.example'], ['x-api.example']],
      ['edge', ['www.example.com', 'x.shop.example', '*'], ['www.example.com', 'x.shop.example', '*']],
      ['other', ['web', 'db.other.svc.cluster.local', 'other.example.com', 'db.stranger.svc.cluster.local'], []],
      [
        'other',
        ['db.shop.svc.cluster.local', 'web.shop.svc.cluster.local', 'other.example.com'],
        ['db.shop.svc.cluster.local', 'web.shop.svc.cluster.local'],
      ],
    ];
    assert.deepEqual(
      cases.map(([namespace, hosts]) => foreign(namespace, hosts)),
      cases.map(([, , refused]) => refused),
    );
  });

  it('is for VirtualServices and HTTPRoutes, and is bound', () => {
    const { matchConstraints, failurePolicy } = asMap(policy?.spec);
    assert.deepEqual(
      asList(asMap(matchConstraints)['resourceRules']).map((rule) => asMap(rule)['resources']),
      [['virtualservices'], ['httproutes']],
    );
    assert.equal(failurePolicy, 'Fail');
    assert.deepEqual(binding, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'meshwright-hosts-dev' },
      spec: { policyName: 'meshwright-hosts-dev', validationActions: ['Deny'] },
    });
  });
});
