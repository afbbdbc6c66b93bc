import { compareStrings } from '../../collections';
import { asList, asMap, asNumber, canonical, isMap, type JsonMap, without } from '../../json';
import type { EffectiveRule, MeshModel, MeshObject, MeshWorkload } from '../../model/mesh-model';
import { hasNoProxy } from '../../model/mutual-tls';
import { workloadsOfPolicy } from '../../model/policy-attachment';
import { isAssumed } from '../assumed';
import { type Entry, entryOutcomes } from '../classes/entry';
import { reach } from '../endpoints';
import type { Destination } from '../outcome';
import type { TrafficModel } from '../traffic-model';
import { changedUnfollowed, contentOf, unfollowed, type Unfollowed } from '../unfollowed';
import { destinationWords } from '../words';

/** A setting that changes what happens under load, or which pod a client stays with, without changing a route. */
export interface LoadChange {
  /** Destinations, e.g. `cart.shop v1`. */
  of: string[];
  /** E.g. `connectionPool.tcp.maxConnections`. */
  setting: string;
  /** Undefined if it is not set. */
  before?: unknown;
  after?: unknown;
}

/** Connection pools, outlier detection and load balancing of the destinations that both sides send to. */
export function loadChanges(
  before: TrafficModel,
  after: TrafficModel,
  pairs: readonly { was: Entry; is: Entry }[],
): LoadChange[] {
  const changes = new Map<string, LoadChange>();
  const add = (of: string, setting: string, old: unknown, next: unknown): void => {
    if (canonical(old ?? null) === canonical(next ?? null)) return;
    const key = canonical([setting, old ?? null, next ?? null]);
    const known = changes.get(key);
    if (known !== undefined) {
      if (!known.of.includes(of)) known.of.push(of);
      return;
    }
    changes.set(key, {
      of: [of],
      setting,
      ...(old === undefined ? {} : { before: old }),
      ...(next === undefined ? {} : { after: next }),
    });
  };
  for (const { destination, was, is } of sharedDestinations(pairs)) {
    const [old, next] = [settingsOf(before, was, destination), settingsOf(after, is, destination)];
    for (const setting of [...new Set([...old.keys(), ...next.keys()])].sort(compareStrings))
      add(destinationWords(destination), setting, old.get(setting), next.get(setting));
  }
  const [oldMesh, nextMesh] = [before, after].map(({ mesh }) => asMap(mesh.config.raw['localityLbSetting']));
  add('every service', 'meshConfig.localityLbSetting', given(oldMesh), given(nextMesh));
  return [...changes.values()];
}

function given(map: JsonMap | undefined): JsonMap | undefined {
  return map === undefined || Object.keys(map).length === 0 ? undefined : map;
}

interface Shared {
  destination: Destination;
  was: Entry;
  is: Entry;
}

/** Destinations that a client has before and after, each once per client. */
function sharedDestinations(pairs: readonly { was: Entry; is: Entry }[]): Shared[] {
  const found = new Map<string, Shared>();
  for (const { was, is } of pairs) {
    if (is.client.proxy.type === 'none') continue;
    const old = destinationsOf(was);
    for (const [key, destination] of destinationsOf(is))
      if (old.has(key)) found.set(`${is.client.title} ${key}`, { destination, was, is });
  }
  return [...found.values()];
}

function destinationsOf(entry: Entry): Map<string, Destination> {
  const all = entryOutcomes(entry).flatMap(({ outcome }) => outcome.destinations ?? []);
  return new Map(all.map((one) => [`${one.host}|${one.subset ?? ''}|${one.port}`, one]));
}

function settingsOf(
  traffic: TrafficModel,
  { client }: Entry,
  { host, subset, port }: Destination,
): Map<string, unknown> {
  const view = traffic.view(client.proxy);
  const service = view.service(host);
  if (service === undefined) return new Map();
  const { destinationRules } = traffic.mesh;
  const policy = trafficPolicy(destinationRules.forService(service, view.namespace, view.labels), subset, port);
  const settings = without(policy, 'tls');
  const { spec, annotations } = service.source;
  return new Map([
    ...fields('', settings),
    ...fields('Service spec.trafficDistribution', spec['trafficDistribution']),
    ...fields('Service spec.internalTrafficPolicy', unlessDefault(spec['internalTrafficPolicy'], 'Cluster')),
    ...fields('Service spec.sessionAffinity', unlessDefault(spec['sessionAffinity'], 'None')),
    ...fields(
      'Service networking.istio.io/traffic-distribution',
      annotations['networking.istio.io/traffic-distribution'],
    ),
  ]);
}

/** The API server adds defaults that manifests leave out. */
function unlessDefault(value: unknown, byDefault: string): unknown {
  return value === byDefault ? undefined : value;
}

function fields(path: string, value: unknown): [string, unknown][] {
  if (!isMap(value)) return value === undefined ? [] : [[path, value]];
  return Object.entries(value).flatMap(([key, one]) => fields(path === '' ? key : `${path}.${key}`, one));
}

/**
 * The traffic policy of a rule for a subset and a port: the subset's parts replace those of the rule, and settings for
 * the port replace all of them, even those that they leave out (istio pilot/pkg/networking/util, MergeTrafficPolicy).
 */
function trafficPolicy(rule: EffectiveRule | undefined, subset: string | undefined, port: number): JsonMap {
  const own = rule?.subsets.find(({ name }) => name === subset)?.trafficPolicy;
  const base = ofPort(asMap(rule?.trafficPolicy), port);
  return own === undefined ? base : ofPort({ ...base, ...own }, port);
}

const perPort = ['connectionPool', 'outlierDetection', 'loadBalancer', 'tls'];

function ofPort(policy: JsonMap, port: number): JsonMap {
  const { portLevelSettings, ...all } = policy;
  const own = asList(portLevelSettings).find((one) => asNumber(asMap(asMap(one)['port'])['number']) === port);
  if (own === undefined) return all;
  return { ...without(all, ...perPort), ...without(asMap(own), 'port') };
}

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
    ...proxyChanges(before.mesh, after.mesh),
    ...tlsChanges(before, after, pairs),
  ];
}

/** Workloads that get another kind of proxy: other rules apply to what their pods send, which no class of senders shows. */
function proxyChanges(before: MeshModel, after: MeshModel): Unfollowed[] {
  return after.workloads.all.flatMap((workload) => {
    const old = before.workloads.get(workload.namespace, workload.name);
    const [was, is] = [old && knownProxy(before, old), knownProxy(after, workload)];
    if (was === undefined || is === undefined || was === is) return [];
    return [{ ...unfollowed(workload.source), touches: proxyWords[is] }];
  });
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
