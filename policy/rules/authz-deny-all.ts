import { asList, asMap, asName, indexedMaps } from '../../mesh/json';
import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { hasLabels } from '../../mesh/model/workload-index';
import { actionOf } from '../model/authorization';
import { policyAttachment } from '../../mesh/model/policy-attachment';
import { formatLabels } from '../../mesh/model/endpoints';
import type { Rule, Violation } from '../rule';

/**
 * A policy that allows nothing is the usual base of "deny by default", so it is fine together with an ALLOW policy of
 * the same scope that allows something. Alone it is a mistake or a decision; a decision is declared by a waiver with
 * its reason. Providers are checked if MeshConfig is known.
 */
export const authzDenyAll: Rule = {
  id: 'authz-deny-all',
  level: 'mandatory',
  title: 'an AuthorizationPolicy that refuses every request is declared as such',
  single: false,
  docs: {
    why: 'An empty ALLOW policy refuses every request to its namespace, in the root namespace to the whole mesh; so does a CUSTOM policy whose provider MeshConfig does not have.',
    bad: `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ratings, namespace: bookinfo }
spec: {}
`,
    good: `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: deny-by-default, namespace: bookinfo }
spec: {}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: productpage, namespace: bookinfo }
spec:
  selector: { matchLabels: { app: productpage } }
  rules: [{ to: [{ operation: { methods: [GET] } }] }]
`,
    fix: 'Add the rules that let requests in, or declare the lock-down: `policy.meshwright.io/waive.authz-deny-all: "<reason>"`.',
  },
  check: (model) =>
    model.objects.ofKind('AuthorizationPolicy').flatMap((policy): Violation[] => {
      const fault = faultOf(model, policy);
      return fault === undefined ? [] : [{ object: policy.object, ...fault }];
    }),
};

function faultOf(model: MeshModel, policy: MeshObject): { path: string; message: string } | undefined {
  switch (actionOf(policy)) {
    case 'ALLOW':
      return asList(policy.spec['rules']).length > 0 || othersAllow(model, policy) ? undefined : allowsNothing(policy);
    case 'DENY':
      return deniesAll(policy);
    case 'CUSTOM':
      return unknownProvider(model, policy);
    default:
      return undefined;
  }
}

function allowsNothing(policy: MeshObject): { path: string; message: string } {
  const message = `it allows nothing, and no other ALLOW policy allows any request, so every request to ${scopeOf(policy)} is refused with 403; add rules, or declare that with a waiver`;
  return { path: 'spec', message };
}

function deniesAll(policy: MeshObject): { path: string; message: string } | undefined {
  const empty = indexedMaps(policy.spec['rules']).find(({ item }) =>
    ['from', 'to', 'when'].every((list) => asList(item[list]).length === 0),
  );
  if (empty === undefined) return undefined;
  const message = `a DENY rule without conditions refuses every request to ${scopeOf(policy)} with 403; add conditions, or declare that with a waiver`;
  return { path: `spec.rules[${empty.at}]`, message };
}

function scopeOf(policy: MeshObject): string {
  const { selector, targets } = policyAttachment(policy);
  if (targets.length > 0) return targets.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  return selector === undefined
    ? `namespace ${policy.namespace}`
    : `pods of namespace ${policy.namespace} with ${formatLabels(selector)}`;
}

/** Whether an ALLOW policy with rules applies to some of the workloads that this one closes. */
function othersAllow(model: MeshModel, policy: MeshObject): boolean {
  const own = policyAttachment(policy);
  return model.objects.ofKind('AuthorizationPolicy').some((other) => {
    if (other === policy || actionOf(other) !== 'ALLOW' || asList(other.spec['rules']).length === 0) return false;
    const { rootNamespace } = model.config;
    if (![other.namespace, rootNamespace].includes(policy.namespace) && other.namespace !== rootNamespace) return false;
    const { selector = {}, targets } = policyAttachment(other);
    if (own.targets.length > 0) return targets.some(({ name }) => own.targets.some((target) => target.name === name));
    // Labels that contradict each other are never on one pod.
    const both = { ...own.selector, ...selector };
    return hasLabels(both, own.selector ?? {});
  });
}

function unknownProvider(model: MeshModel, policy: MeshObject): { path: string; message: string } | undefined {
  const { raw } = model.config;
  const name = asName(asMap(policy.spec['provider'])['name']);
  if (Object.keys(raw).length === 0 || name === undefined) return undefined;
  const providers = indexedMaps(raw['extensionProviders']).flatMap(({ item }) => asName(item['name']) ?? []);
  if (providers.includes(name)) return undefined;
  const message = `MeshConfig has no extension provider "${name}" (${providers.length === 0 ? 'it has none' : `it has ${providers.sort().join(', ')}`}), so every request to ${scopeOf(policy)} is refused with 403; add the provider to meshConfig.extensionProviders`;
  return { path: 'spec.provider.name', message };
}
