import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import type { CheckOptions, Rule, Violation } from '../rule';

const revisionLabel = 'istio.io/rev';
const injectionLabel = 'istio-injection';

/**
 * The revisions and tags that are installed come from the option `revisions` and from the injector webhooks among the
 * objects; if neither names any, only the combination of both labels is judged.
 */
export const revisionInstalled: Rule = {
  id: 'revision-installed',
  level: 'mandatory',
  title: 'the revision that a namespace or workload requests is installed, and only one label requests it',
  istio: ['IST0123'],
  kiali: ['KIA1316'],
  single: false,
  docs: {
    why: 'No injector answers for a revision that is not installed: pods start without a proxy, outside the mesh. With both labels istio-injection wins and the revision is ignored.',
    bad: `
apiVersion: v1
kind: Namespace
metadata: { name: bookinfo, labels: { istio-injection: enabled, istio.io/rev: canary } }
`,
    good: `
apiVersion: v1
kind: Namespace
metadata: { name: bookinfo, labels: { istio.io/rev: canary } }
`,
    fix: 'Keep one of the two labels, and name a revision or tag that the stack installs.',
  },
  check: (model, options) => {
    const installed = installedRevisions(model, options);
    return [
      ...model.objects
        .ofKind('Namespace')
        .flatMap((namespace) => [
          ...twoLabels(namespace),
          ...sidecarAndAmbient(namespace, namespace.labels, 'metadata.labels'),
          ...unknownRevision(namespace, namespace.labels, 'metadata.labels', installed),
        ]),
      ...model.workloads.all.flatMap(({ source, labels, podSpecPath }) =>
        podSpecPath === '' ? [] : ofPods(source, labels, podSpecPath.replace(/spec$/, 'metadata.labels'), installed),
      ),
    ];
  },
};

/** Undefined when nothing names them. */
function installedRevisions(model: MeshModel, { revisions }: CheckOptions): ReadonlySet<string> | undefined {
  const webhooks = model.objects
    .ofGroupKind('admissionregistration.k8s.io', 'MutatingWebhookConfiguration')
    .flatMap(({ labels }) => [labels['istio.io/rev'], labels['istio.io/tag']])
    .filter((label) => label !== undefined);
  return revisions === undefined && webhooks.length === 0 ? undefined : new Set([...(revisions ?? []), ...webhooks]);
}

function ofPods(
  source: MeshObject,
  labels: Record<string, string>,
  path: string,
  installed: ReadonlySet<string> | undefined,
): Violation[] {
  return [...sidecarAndAmbient(source, labels, path), ...unknownRevision(source, labels, path, installed)];
}

/** A namespace or a pod that asks for sidecars and for ambient gets sidecars. */
function sidecarAndAmbient({ object }: MeshObject, labels: Record<string, string>, path: string): Violation[] {
  if (labels['istio.io/dataplane-mode'] !== 'ambient') return [];
  const wanted = { [injectionLabel]: 'enabled', 'sidecar.istio.io/inject': 'true' };
  const [sidecar] = [
    ...Object.entries(wanted).flatMap(([label, value]) => (labels[label] === value ? [label] : [])),
    ...(labels[revisionLabel] === undefined || labels['sidecar.istio.io/inject'] === 'false' ? [] : [revisionLabel]),
  ];
  if (sidecar === undefined) return [];
  const message = `${sidecar} asks for sidecars and istio.io/dataplane-mode for ambient; pods get a sidecar and are not part of ambient. Keep one of the two labels`;
  return [{ object, path: `${path}["istio.io/dataplane-mode"]`, message }];
}

function twoLabels({ object, labels }: MeshObject): Violation[] {
  const [injection, revision] = [labels[injectionLabel], labels[revisionLabel]];
  if (injection === undefined || revision === undefined) return [];
  const message = `${injectionLabel}: ${injection} wins over ${revisionLabel}: ${revision}, which is ignored; keep one of the two labels`;
  return [{ object, path: 'metadata.labels', message }];
}

function unknownRevision(
  { object }: MeshObject,
  labels: Record<string, string>,
  path: string,
  installed: ReadonlySet<string> | undefined,
): Violation[] {
  const revision = labels[revisionLabel];
  if (revision === undefined || installed === undefined || installed.has(revision)) return [];
  const known = [...installed].sort().join(', ');
  const message = `no control plane has revision or tag "${revision}" (installed: ${known === '' ? 'none' : known}), so no proxy is injected; name one that is installed`;
  return [{ object, path: `${path}["${revisionLabel}"]`, message }];
}
