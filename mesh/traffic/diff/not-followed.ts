import { compareStrings } from '../../collections';
import { asList, asMap, canonical, type JsonMap, without } from '../../json';
import type { MeshModel, MeshObject, MeshWorkload } from '../../model/mesh-model';
import { hasNoProxy } from '../../model/mutual-tls';
import { workloadsOfPolicy } from '../../model/policy-attachment';
import { isAssumed } from '../assumed';
import type { Entry } from '../classes/classes';
import { reach } from '../endpoints';
import type { TrafficModel } from '../traffic-model';
import { changedUnfollowed, contentOf, unfollowed, type Unfollowed } from '../unfollowed';
import { destinationWords } from '../words';
import { sharedDestinations, trafficPolicy } from './load';

/**
 * Changes that cannot be followed: objects of kinds that are not modelled, and objects whose targets are not in the
 * input.
 */
export function notFollowed(
  before: TrafficModel,
  after: TrafficModel,
  pairs: readonly { was: Entry; is: Entry }[],
): Unfollowed[] {
  return [
    ...changedUnfollowed(before.mesh, after.mesh),
    ...changedOf(before.mesh, after.mesh, [
      'AuthorizationPolicy',
      'RequestAuthentication',
      'PeerAuthentication',
    ]).flatMap(({ object, model }) => {
      const why = unattached(model, object);
      return why === undefined ? [] : [{ ...unfollowed(object), touches: why }];
    }),
    ...changedOf(before.mesh, after.mesh, ['Deployment', 'StatefulSet', 'DaemonSet', 'Rollout', 'Pod', 'WorkloadEntry'])
      .filter(({ object, model }) => hasNoServices(model, object.namespace))
      .map(({ object }) => ({
        ...unfollowed(object),
        touches: `no Service of namespace ${object.namespace} is in the input`,
      })),
    ...senderChanges(before.mesh, after.mesh),
    ...aliasChanges(before.mesh, after.mesh),
    ...serverTlsChanges(before.mesh, after.mesh),
    ...tlsChanges(before, after, pairs),
  ];
}

/** Workloads whose pods become other senders: which class of senders they belong to shows in no class. */
function senderChanges(before: MeshModel, after: MeshModel): Unfollowed[] {
  return after.workloads.all.flatMap((workload) => {
    const old = before.workloads.get(workload.namespace, workload.name);
    if (old === undefined) return [];
    const [was, is] = [knownProxy(before, old), knownProxy(after, workload)];
    const reasons = [
      ...(was === undefined || is === undefined || was === is ? [] : [proxyWords[is]]),
      ...(old.serviceAccount !== workload.serviceAccount && namesAccounts(after)
        ? [
            `its ServiceAccount becomes ${workload.serviceAccount}, and AuthorizationPolicies name ServiceAccounts of senders`,
          ]
        : []),
      ...senderLabels(after)
        .filter((label) => old.labels[label] !== workload.labels[label])
        .map((label) => `its label ${label} changes, by which VirtualServices tell senders apart`),
    ];
    return reasons.map((touches) => ({ ...unfollowed(workload.source), touches }));
  });
}

/** Whether some AuthorizationPolicy decides by the ServiceAccount of the sender. */
function namesAccounts({ objects }: MeshModel): boolean {
  return objects
    .ofKind('AuthorizationPolicy')
    .some(({ spec }) =>
      /"(notP|p)rincipals"|"(notS|s)erviceAccounts"|"source\.(principal|serviceAccount)"/.test(JSON.stringify(spec)),
    );
}

/** The labels of senders that VirtualServices match. */
function senderLabels({ virtualServices }: MeshModel): string[] {
  const labels = virtualServices.all.flatMap(({ http, tls, tcp }) =>
    [...http, ...tls, ...tcp].flatMap(({ route }) =>
      asList(route['match']).flatMap((match) => Object.keys(asMap(asMap(match)['sourceLabels']))),
    ),
  );
  return [...new Set(labels)].sort(compareStrings);
}

/** ExternalName Services that become the name of another host outside the cluster. */
function aliasChanges(before: MeshModel, after: MeshModel): Unfollowed[] {
  return after.services.all.flatMap(({ externalName, hostname, source }) => {
    const [old] = before.services.withHost(hostname);
    if (old?.externalName === undefined || externalName === undefined || old.externalName === externalName) return [];
    return [{ ...unfollowed(source), touches: `its name leads to ${externalName} in place of ${old.externalName}` }];
  });
}

/** TLS of the servers of Gateways: which clients can connect, and what they see. */
function serverTlsChanges(before: MeshModel, after: MeshModel): Unfollowed[] {
  return after.gateways.all.flatMap((gateway) => {
    const old = before.gateways.all.find(({ id }) => id === gateway.id);
    return gateway.servers.flatMap((server) => {
      const same = old?.servers.find(
        ({ port, hosts }) => canonical([port, hosts]) === canonical([server.port, server.hosts]),
      );
      if (same === undefined) return [];
      const [was, is] = [same, server].map(({ tls }) => without(asMap(tls), 'httpsRedirect')) as [JsonMap, JsonMap];
      const changed = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort(compareStrings);
      return changed
        .filter((key) => canonical(was[key] ?? null) !== canonical(is[key] ?? null))
        .map((key) => ({
          ...unfollowed(gateway.source),
          touches: `TLS of clients: ${server.path}.tls.${key} ${shown(was[key])} -> ${shown(is[key])}`,
        }));
    });
  });
}

function shown(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}

const proxyWords = {
  sidecar: 'its pods get a sidecar, so that rules apply to the requests that they send',
  ambient: 'its pods move to ambient mode, which is not modelled',
  none: 'its pods lose their proxy, so that no rule applies to the requests that they send',
} as const;

/** Undefined where the input does not say whether pods get a sidecar. */
function knownProxy(model: MeshModel, workload: MeshWorkload): MeshWorkload['proxy'] | undefined {
  return workload.proxy === 'none' && !hasNoProxy(model, workload) ? undefined : workload.proxy;
}

function hasNoServices({ services }: MeshModel, namespace: string): boolean {
  return services
    .inNamespace(namespace)
    .every(({ source, registry }) => registry !== 'Kubernetes' || isAssumed(source));
}

type Kinds = Parameters<MeshModel['objects']['ofKind']>[0];

/** Objects of some kinds that were added, removed or changed, each in the model of the side that has it. */
function changedOf(
  before: MeshModel,
  after: MeshModel,
  kinds: readonly Kinds[],
): { object: MeshObject; model: MeshModel }[] {
  return kinds.flatMap((kind) => {
    const [old, next] = [before, after].map(
      (model) => new Map(model.objects.ofKind(kind).map((object) => [`${object.namespace}/${object.name}`, object])),
    );
    return [...new Set([...(old?.keys() ?? []), ...(next?.keys() ?? [])])].flatMap((key) => {
      const [was, is] = [old?.get(key), next?.get(key)];
      if (was !== undefined && is !== undefined && contentOf(was) === contentOf(is)) return [];
      return is !== undefined
        ? [{ object: is, model: after }]
        : was === undefined
          ? []
          : [{ object: was, model: before }];
    });
  });
}

/** Why the model does not show the effect of a policy. */
function unattached(model: MeshModel, policy: MeshObject): string | undefined {
  if (policy.spec['targetRefs'] !== undefined || policy.spec['targetRef'] !== undefined)
    return 'waypoints and the Gateway API are not modelled';
  if (workloadsOfPolicy(model, policy).length > 0) return undefined;
  return `the input has no workload that it applies to`;
}

/** TLS settings of a client for pods that are not in the input: it is unknown whether these accept TLS. */
function tlsChanges(
  before: TrafficModel,
  after: TrafficModel,
  pairs: readonly { was: Entry; is: Entry }[],
): Unfollowed[] {
  const found = new Map<string, Unfollowed>();
  for (const { destination, was, is } of sharedDestinations(pairs)) {
    const { host, subset, port } = destination;
    const [old, next] = (
      [
        [before, was],
        [after, is],
      ] as const
    ).map(([traffic, { client }]) => {
      const view = traffic.view(client.proxy);
      const service = view.service(host);
      const rule = service && traffic.mesh.destinationRules.forService(service, view.namespace, view.labels);
      return { rule, tls: trafficPolicy(rule, subset, port)['tls'] };
    });
    if (canonical(old?.tls ?? null) === canonical(next?.tls ?? null)) continue;
    const { places } = reach(after.mesh, after.view(is.client.proxy), destination);
    if (places.every(({ workload }) => workload !== undefined)) continue;
    const source = (next?.rule ?? old?.rule)?.from[0];
    if (source === undefined) continue;
    const touches = `its tls changed, and the pods of ${destinationWords(destination)} are not in the input`;
    found.set(`${source.namespace}/${source.name} ${touches}`, { ...unfollowed(source), touches });
  }
  return [...found.values()];
}
