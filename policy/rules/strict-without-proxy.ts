import type { MeshModel, MeshObject, MeshWorkload } from '../../mesh/model/mesh-model';
import { pushTo } from '../../mesh/collections';
import { hasNoProxy } from '../../mesh/model/mutual-tls';
import { examples, type Rule, type Violation } from '../rule';

/** Namespaces of the platform itself, whose workloads are not expected in the mesh. */
const platform = ['kube-system', 'kube-public', 'kube-node-lease'];

/**
 * Mandatory if the policy is in the namespace of the workload or selects it, and nothing asks for a proxy there: the
 * policy does nothing. A workload whose pods refuse a proxy is outside the mesh on purpose, and one under a policy of
 * the whole mesh may be; clients with a proxy send such a server plaintext.
 */
export const strictWithoutProxy: Rule = {
  id: 'strict-without-proxy',
  level: 'mandatory',
  title: 'where mutual TLS is STRICT, every workload has a proxy',
  single: false,
  docs: {
    why: 'A workload without a sidecar or ambient mode cannot apply STRICT itself, and cannot call workloads that do: its requests to them are reset.',
    ...examples(
      `
apiVersion: v1
kind: Namespace
metadata: { name: bookinfo }
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: bookinfo }
spec: { mtls: { mode: STRICT } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ratings-v1, namespace: bookinfo }
spec:
  selector: { matchLabels: { app: ratings } }
  template: { metadata: { labels: { app: ratings } } }
`,
      ['name: bookinfo', 'name: bookinfo, labels: { istio-injection: enabled }'],
    ),
    fix: 'Switch injection or ambient on for the namespace, or set PERMISSIVE where workloads stay outside the mesh.',
  },
  check: violations,
};

function violations(model: MeshModel): Violation[] {
  const found = new Map<MeshObject, MeshWorkload[]>();
  for (const workload of model.workloads.all) {
    const { namespace, labels } = workload;
    if (namespace === model.config.rootNamespace || platform.includes(namespace) || !hasNoProxy(model, workload))
      continue;
    const { mode, source } = model.peerAuthentications.forWorkload(namespace, labels);
    if (mode === 'STRICT' && source !== undefined && !refusesProxy(workload)) pushTo(found, source, workload);
  }
  return [...found].map(([policy, workloads]) => {
    const names = workloads.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`).sort();
    const shown = names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');
    const one = names.length === 1;
    const message = `mode STRICT holds for ${shown}, which ${one ? 'has' : 'have'} no proxy: ${one ? 'its' : 'their'} requests to the mesh are refused, and requests to ${one ? 'it' : 'them'} are not encrypted; enable injection for the namespace, or set PERMISSIVE there`;
    const level = policy.namespace === model.config.rootNamespace ? ('advisory' as const) : ('mandatory' as const);
    return { object: policy.object, path: 'spec.mtls.mode', message, level };
  });
}

/** Whether the pods themselves refuse a proxy. */
function refusesProxy({ labels, annotations, podSpec }: MeshWorkload): boolean {
  const refused = [
    labels['sidecar.istio.io/inject'],
    annotations['sidecar.istio.io/inject'],
    labels['istio.io/dataplane-mode'],
  ];
  return refused.some((value) => value === 'false' || value === 'none') || podSpec['hostNetwork'] === true;
}
