import { asList, asMap, asStringMap, isMap } from '../json';
import type { MeshModel, MeshObject, MeshWorkload } from '../model/mesh-model';
import { hasLabels } from '../model/workload-index';

/** Pods at one end of a connection. With namespace '' nothing is known about them. */
export interface Pods {
  namespace: string;
  labels: Record<string, string>;
}

/**
 * The NetworkPolicies that may block a connection. Policies only allow: a pod that some policy selects can accept (or
 * open) only connections that a policy allows.
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export function openNetworkPolicies(model: MeshModel, client: Pods, server: MeshWorkload, port: number): MeshObject[] {
  const all = model.objects.ofGroupKind('networking.k8s.io', 'NetworkPolicy');
  if (all.length === 0) return [];
  const ingress = all.filter((policy) => isolates(policy, 'Ingress', server));
  const egress = client.namespace === '' ? [] : all.filter((policy) => isolates(policy, 'Egress', client));
  const isPort = (rule: unknown): boolean => allowsPort(rule, server, port);
  const isLetIn = ingress.some(({ namespace, spec }) =>
    asList(spec['ingress']).some((rule) => isPort(rule) && allowsPeer(model, asMap(rule)['from'], namespace, client)),
  );
  const isLetOut = egress.some(({ namespace, spec }) =>
    asList(spec['egress']).some((rule) => isPort(rule) && allowsPeer(model, asMap(rule)['to'], namespace, server)),
  );
  return [...(isLetIn ? [] : ingress), ...(isLetOut ? [] : egress)];
}

/** Whether a policy restricts the connections of pods in a direction. Without `policyTypes` it does so for Ingress, and for Egress when it has such rules. */
function isolates({ namespace, spec }: MeshObject, direction: 'Ingress' | 'Egress', pods: Pods): boolean {
  const stated = asList(spec['policyTypes']);
  const types = stated.length > 0 ? stated : ['Ingress', ...(spec['egress'] === undefined ? [] : ['Egress'])];
  return namespace === pods.namespace && types.includes(direction) && selects(spec['podSelector'], pods.labels);
}

/** Compares `matchLabels` only. With `matchExpressions`, a selector may select fewer pods than this says. */
function selects(selector: unknown, labels: Record<string, string>): boolean {
  return hasLabels(labels, asStringMap(asMap(selector)['matchLabels']));
}

function allowsPort(rule: unknown, { ports }: MeshWorkload, port: number): boolean {
  const listed = asList(asMap(rule)['ports']);
  const named = ports.filter(({ number }) => number === port).map(({ name }) => name);
  return (
    listed.length === 0 ||
    listed.some((value) => {
      const { port: one, endPort, protocol = 'TCP' } = asMap(value);
      if (protocol !== 'TCP') return false;
      if (typeof one === 'number' && typeof endPort === 'number') return port >= one && port <= endPort;
      return one === undefined || one === port || named.some((name) => name === one);
    })
  );
}

/** Whether the peers of a rule certainly include the pods. A rule without peers includes all pods. */
function allowsPeer(model: MeshModel, peers: unknown, policyNamespace: string, pods: Pods): boolean {
  const listed = asList(peers);
  if (listed.length === 0) return true;
  return listed.some((value) => {
    const { podSelector, namespaceSelector, ipBlock } = asMap(value);
    if (ipBlock !== undefined || hasExpressions(podSelector) || hasExpressions(namespaceSelector)) return false;
    const isPods =
      podSelector === undefined || isEmpty(podSelector) || (isKnown(pods) && selects(podSelector, pods.labels));
    if (namespaceSelector === undefined) return isPods && pods.namespace === policyNamespace;
    const labels = {
      'kubernetes.io/metadata.name': pods.namespace,
      ...model.namespaces.get(pods.namespace)?.labels,
    };
    return isPods && (isEmpty(namespaceSelector) || (isKnown(pods) && selects(namespaceSelector, labels)));
  });
}

function isKnown({ namespace }: Pods): boolean {
  return namespace !== '';
}

function hasExpressions(selector: unknown): boolean {
  return asList(asMap(selector)['matchExpressions']).length > 0;
}

function isEmpty(selector: unknown): boolean {
  return isMap(selector) && Object.keys(asStringMap(selector['matchLabels'])).length === 0 && !hasExpressions(selector);
}
