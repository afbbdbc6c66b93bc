import { compareStrings } from '../../collections';
import { asList, asMap, asNumber, canonical, isMap, type JsonMap, without } from '../../json';
import type { EffectiveRule } from '../../model/mesh-model';
import { type Entry, entryOutcomes } from '../classes/classes';
import type { Destination } from '../outcome';
import type { TrafficModel } from '../traffic-model';
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

/** A destination that a client has on both sides. */
export interface Shared {
  destination: Destination;
  was: Entry;
  is: Entry;
}

/** Destinations that a client has before and after, each once per client. */
export function sharedDestinations(pairs: readonly { was: Entry; is: Entry }[]): Shared[] {
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
export function trafficPolicy(rule: EffectiveRule | undefined, subset: string | undefined, port: number): JsonMap {
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
