import type { MeshModel, MeshObject, MeshWorkload } from '../../mesh/model/mesh-model';
import { pushTo } from '../../mesh/collections';
import { hasNoProxy } from '../model/workloads';
import type { Rule, Violation } from '../rule';

/** Namespaces of the platform itself, whose workloads are not expected in the mesh. */
const platform = ['kube-system', 'kube-public', 'kube-node-lease'];

/**
 * A workload counts as outside the mesh when its own namespace is among the objects and does not ask for a proxy, or when its pods refuse one. The root namespace and those of Kubernetes are
 * left out: control planes and monitoring live there without a proxy.
 */
export const strictWithoutProxy: Rule = {
  id: 'strict-without-proxy',
  level: 'mandatory',
  title: 'where mutual TLS is STRICT, every workload has a proxy',
  single: false,
  docs: {
    why: 'A workload without a sidecar or ambient can neither keep to STRICT itself nor call those that do: its requests to them are reset.',
    bad: `
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
    good: `
apiVersion: v1
kind: Namespace
metadata: { name: bookinfo, labels: { istio-injection: enabled } }
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
    if (mode === 'STRICT' && source !== undefined) pushTo(found, source, workload);
  }
  return [...found].map(([policy, workloads]) => {
    const names = workloads.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`).sort();
    const shown = names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');
    const message = `mode STRICT holds for ${shown}, which ${names.length === 1 ? 'has' : 'have'} no proxy: requests from there to the mesh are refused, and requests to it are not encrypted; switch injection on for the namespace, or set PERMISSIVE there`;
    return { object: policy.object, path: 'spec.mtls.mode', message };
  });
}
