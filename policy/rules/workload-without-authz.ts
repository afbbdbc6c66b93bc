import type { MeshModel, MeshWorkload } from '../../mesh/model/mesh-model';
import { type PolicyAttachment, policyAttachment, workloadsOfPolicy } from '../../mesh/model/policy-attachment';
import { hasNoProxy } from '../../mesh/model/mutual-tls';
import { examples, type Rule, type Violation } from '../rule';

const platform = ['kube-system', 'kube-public', 'kube-node-lease'];

/** Objects without any AuthorizationPolicy are judged only when the input is complete: the mesh may not use authorization. */
export const workloadWithoutAuthz: Rule = {
  id: 'workload-without-authz',
  level: 'advisory',
  title: 'every workload is covered by an AuthorizationPolicy',
  kiali: ['KIA1301'],
  single: false,
  docs: {
    why: 'A workload without an AuthorizationPolicy accepts requests from every client that can reach it.',
    ...examples(
      `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ratings-v1, namespace: bookinfo }
spec:
  selector: { matchLabels: { app: ratings } }
  template: { metadata: { labels: { app: ratings } } }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: reviews, namespace: bookinfo }
spec:
  selector: { matchLabels: { app: reviews } }
  rules: [{ from: [{ source: { namespaces: [bookinfo] } }] }]
`,
      ['reviews', 'bookinfo'],
      [
        `  selector: { matchLabels: { app: reviews } }
`,
        '',
      ],
    ),
    fix: 'Add an AuthorizationPolicy for the workload or its namespace, or switch the rule off (`rules: {workload-without-authz: off}`) for a mesh that does not authorize.',
  },
  check: (model, options) => {
    const policies = model.objects.ofKind('AuthorizationPolicy').map(policyAttachment);
    const isCovered = coverage(model, policies);
    const uncovered = model.workloads.all.filter((workload) => isExpected(model, workload) && !isCovered(workload));
    return policies.length === 0 && options.complete !== true ? [] : uncovered.map(violation);
  },
};

/** Policies need not protect control planes, workloads of the platform, and workloads without a proxy. */
function isExpected(model: MeshModel, workload: MeshWorkload): boolean {
  const { namespace } = workload;
  return namespace !== model.config.rootNamespace && !platform.includes(namespace) && !hasNoProxy(model, workload);
}

/** Tells whether a workload is covered, by name, by labels or by a policy of its whole namespace or of the mesh. */
function coverage(model: MeshModel, policies: readonly PolicyAttachment[]): (workload: MeshWorkload) => boolean {
  const isWide = ({ selector, targets }: PolicyAttachment): boolean => selector === undefined && targets.length === 0;
  const namespaces = new Set(policies.filter(isWide).map(({ source }) => source.namespace));
  const named = new Set(
    policies.filter((policy) => !isWide(policy)).flatMap((policy) => workloadsOfPolicy(model, policy.source)),
  );
  return (workload) =>
    namespaces.has(model.config.rootNamespace) || namespaces.has(workload.namespace) || named.has(workload);
}

function violation({ source, namespace }: MeshWorkload): Violation {
  const message = `no AuthorizationPolicy applies to this workload, so every client that reaches it may call it; add one for it or for namespace ${namespace}`;
  return { object: source.object, path: '', message };
}
