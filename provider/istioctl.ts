import type { KubernetesApi, LiveObject } from '../cluster/api';
import { eachLimited } from '../mesh/collections';

/** Labels that istioctl gives to all objects of a component. */
const componentLabel = 'operator.istio.io/component';

/** Components of istioctl by the chart that makes the same objects. */
const components: Readonly<Record<string, readonly string[]>> = {
  base: ['Base'],
  istiod: ['Pilot'],
  cni: ['Cni'],
  ztunnel: ['Ztunnel'],
  gateway: ['IngressGateways', 'EgressGateways'],
};

/** Kinds that Istio's charts make. */
const kinds = [
  'ConfigMap',
  'CustomResourceDefinition.apiextensions.k8s.io',
  'ClusterRole.rbac.authorization.k8s.io',
  'ClusterRoleBinding.rbac.authorization.k8s.io',
  'DaemonSet.apps',
  'Deployment.apps',
  'EnvoyFilter.networking.istio.io',
  'HorizontalPodAutoscaler.autoscaling',
  'MutatingWebhookConfiguration.admissionregistration.k8s.io',
  'PodDisruptionBudget.policy',
  'ResourceQuota',
  'Role.rbac.authorization.k8s.io',
  'RoleBinding.rbac.authorization.k8s.io',
  'Service',
  'ServiceAccount',
  'ValidatingAdmissionPolicy.admissionregistration.k8s.io',
  'ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io',
  'ValidatingWebhookConfiguration.admissionregistration.k8s.io',
];

/** The properties of a Helm release that identify its objects. */
export interface IstioRelease {
  name: string;
  namespace: string;
  /** Name, path or OCI reference of the chart. */
  chart: string;
}

/** The objects that istioctl installed and that a release would install too. */
export async function installedByIstioctl(
  api: Pick<KubernetesApi, 'list'>,
  { name, namespace, chart }: IstioRelease,
): Promise<LiveObject[]> {
  const chartName = chart.split('/').at(-1) ?? chart;
  const named = components[chartName.replace(/-[0-9].*\.tgz$/, '')];
  if (named === undefined) return [];
  const labelSelector = `${componentLabel} in (${named.join(',')})`;
  const lists = await Promise.all(kinds.map((kind) => api.list(kind, { labelSelector, metadataOnly: true })));
  // A cluster may have several gateways, each with its own release.
  const isOwn = ({ metadata }: LiveObject): boolean =>
    named.length === 1 || (metadata.name === name && metadata.namespace === namespace);
  return lists.flat().filter(isOwn);
}

/** Gives objects the label and annotations with which Helm marks the objects of a release: without them Helm refuses to install over existing objects. Nothing else changes. */
export async function handToHelm(
  api: Pick<KubernetesApi, 'patch'>,
  objects: readonly LiveObject[],
  { name, namespace }: IstioRelease,
): Promise<void> {
  const annotations = { 'meta.helm.sh/release-name': name, 'meta.helm.sh/release-namespace': namespace };
  await eachLimited(objects, 8, async (object) => {
    const { metadata } = object;
    const operations = [
      { op: 'add', path: '/metadata/labels', value: { ...metadata.labels, 'app.kubernetes.io/managed-by': 'Helm' } },
      { op: 'add', path: '/metadata/annotations', value: { ...metadata.annotations, ...annotations } },
    ];
    const guard = { op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion };
    await api.patch(object, [guard, ...operations], 'meshwright');
  });
}
