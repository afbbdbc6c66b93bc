import { counted } from '../../../mesh/strings';
import { pushTo } from '../../../mesh/collections';
import type { LiveObject } from '../../../cluster/api';
import { asList, asMap, asName, asString } from '../../../mesh/json';
import { proxyOf } from '../../../mesh/model/workloads';
import type { ClusterFacts, Finding } from '../facts';
import {
  annotationsOf,
  containersOf,
  controlPlanes,
  injectorsOf,
  isDeleted,
  labelsOf,
  nameOf,
  namespaceOf,
  objectsOf,
  someOf,
  specOf,
  statusOf,
  versionOf,
} from './objects';

/** Pods without a sidecar although their labels or their namespace ask for injection. */
export function judgeSidecars(facts: ClusterFacts): Finding[] {
  const namespaces = new Map(objectsOf(facts, 'namespaces').map((one) => [nameOf(one), labelsOf(one)]));
  const without = runningPods(facts).filter(
    (pod) =>
      proxyContainer(pod) === undefined &&
      proxyOf(
        namespaceOf(pod),
        namespaces.get(namespaceOf(pod)) ?? {},
        labelsOf(pod),
        annotationsOf(pod),
        specOf(pod),
      ) === 'sidecar',
  );
  return [...byNamespace(without)].map(([namespace, pods]) => ({
    what: `${counted(pods.length, 'pod')} without sidecar, created before injection was on or while istiod did not answer: ${someOf(pods.map(nameOf))}`,
    where: `Namespace ${namespace}`,
    fix: `kubectl -n ${namespace} rollout restart deployment`,
  }));
}

/** Namespaces that ask for a revision that no webhook serves. */
export function judgeRevisions(facts: ClusterFacts): Finding[] {
  const served = new Set(
    injectorsOf(facts).flatMap((one) => [labelsOf(one)['istio.io/rev'] ?? 'default', labelsOf(one)['istio.io/tag']]),
  );
  if (controlPlanes(facts).length === 0) return [];
  return objectsOf(facts, 'namespaces')
    .filter((one) => labelsOf(one)['istio-injection'] === undefined)
    .flatMap((one) => {
      const revision = labelsOf(one)['istio.io/rev'];
      if (revision === undefined || served.has(revision)) return [];
      return [
        {
          what: `asks for revision ${revision}, which no control plane and no tag serves: its new pods get no sidecar`,
          where: `Namespace ${nameOf(one)}`,
          fix: `set meshwright:namespaces.${nameOf(one)}.revision to one of ${[...served].filter(Boolean).join(', ')}`,
        },
      ];
    });
}

/** Proxies whose version differs from the control plane of their revision. */
export function judgeProxyVersions(facts: ClusterFacts): Finding[] {
  const planes = controlPlanes(facts);
  if (planes.length === 0) return [];
  const old = runningPods(facts).flatMap((pod) => {
    const version = versionOf(asString(proxyContainer(pod)?.['image']));
    const revision = annotationsOf(pod)['istio.io/rev'] ?? labelsOf(pod)['istio.io/rev'] ?? 'default';
    const plane = planes.length === 1 ? planes[0] : planes.find((one) => one.revision === revision);
    return version === undefined || plane?.version === undefined || version === plane.version
      ? []
      : [{ pod, version, wanted: plane.version }];
  });
  const groups = new Map<string, typeof old>();
  for (const one of old) {
    const key = `${namespaceOf(one.pod)} ${one.version} ${one.wanted}`;
    pushTo(groups, key, one);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const pods = group.map(({ pod }) => pod);
    const namespace = namespaceOf(first.pod);
    return [
      {
        what: `${counted(pods.length, 'pod')} with proxy ${first.version}, and istiod is ${first.wanted}: ${someOf(pods.map(nameOf))}`,
        where: `Namespace ${namespace}`,
        fix: `kubectl -n ${namespace} rollout restart deployment`,
      },
    ];
  });
}

/** Pods with the image `auto`, which only injection replaces. */
export function judgeAutoImages(facts: ClusterFacts): Finding[] {
  const waiting = objectsOf(facts, 'pods').filter(
    (pod) => !isDeleted(pod) && containersOf(specOf(pod)).some(({ image }) => image === 'auto'),
  );
  return [...byNamespace(waiting)].map(([namespace, pods]) => ({
    what: `${counted(pods.length, 'pod')} with image "auto", which no injector replaced: ${someOf(pods.map(nameOf))}`,
    where: `Namespace ${namespace}`,
    fix: `turn injection on for the namespace, see that istiod is ready, then: kubectl -n ${namespace} delete pod ${pods.map(nameOf).slice(0, 3).join(' ')}`,
  }));
}

/** Services that wait for an address. */
export function judgeLoadBalancers(facts: ClusterFacts): Finding[] {
  return objectsOf(facts, 'services')
    .filter((service) => specOf(service)['type'] === 'LoadBalancer' && !isDeleted(service))
    .filter((service) => asList(asMap(statusOf(service)['loadBalancer'])['ingress']).length === 0)
    .map((service) => ({
      what: 'LoadBalancer without an address: the cluster has no load balancer, or it is still busy',
      where: `Service ${namespaceOf(service)}/${nameOf(service)}`,
      fix: 'install one (MetalLB, cloud-provider-kind), or set service.type to NodePort: docs/your-cluster.md',
    }));
}

/** Namespaces whose deletion does not finish. */
export function judgeNamespaces(facts: ClusterFacts): Finding[] {
  return objectsOf(facts, 'namespaces')
    .filter(isDeleted)
    .map((namespace) => {
      const reasons = asList(statusOf(namespace)['conditions'])
        .map(asMap)
        .filter(({ status, type }) => status === 'True' && type !== 'NamespaceDeletionDiscoveryFailure')
        .flatMap(({ message }) => asName(message) ?? []);
      return {
        what: `is being deleted${reasons.length === 0 ? '' : `, and waits: ${reasons.join(' ')}`}`,
        where: `Namespace ${nameOf(namespace)}`,
        fix: `find the objects that remain and their finalizers: kubectl -n ${nameOf(namespace)} get all,configmap,secret -o yaml`,
      };
    });
}

function runningPods(facts: ClusterFacts): LiveObject[] {
  return objectsOf(facts, 'pods').filter(
    (pod) => !isDeleted(pod) && !['Succeeded', 'Failed'].includes(asName(statusOf(pod)['phase']) ?? ''),
  );
}

function proxyContainer(pod: LiveObject): Record<string, unknown> | undefined {
  return containersOf(specOf(pod)).find(({ name }) => name === 'istio-proxy');
}

function byNamespace(pods: readonly LiveObject[]): Map<string, LiveObject[]> {
  const groups = new Map<string, LiveObject[]>();
  for (const pod of pods) pushTo(groups, namespaceOf(pod), pod);
  return groups;
}
