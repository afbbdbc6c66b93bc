import type { StackSettings } from '../../mesh/manifests/settings';
import { hasLabels } from '../../mesh/model/workload-index';
import { type Entry, entryClasses, ruleKey } from '../../mesh/traffic/classes/classes';
import type { Destination, Outcome } from '../../mesh/traffic/outcome';
import type { Proxy, Request } from '../../mesh/traffic/request';
import { route as routeOf } from '../../mesh/traffic/route';
import { destinationName } from '../../mesh/traffic/splits';
import { destinationWords } from '../../mesh/traffic/words';
import type { TrafficModel } from '../../mesh/traffic/traffic-model';
import { UserError } from '../errors';
import {
  alternatives,
  exampleRequest,
  firstOfEach,
  givenRequest,
  isAtGateway,
  isSendable,
  isSplitByRule,
  type Kind,
  kinds,
  ofRoute,
  type TrialChoice,
} from './kinds';
import { isBehind, type LabPod, namedSender, type NodeStatus, sendersTo } from './lab-node';
import type { Configured } from './tally';

/** Requests of one kind that can be sent on the lab, and their configured outcome. */
export interface Trial {
  route: string;
  who: string;
  from: string;
  request: Request;
  /** `127.0.0.1:30080`; absent if requests go through the node's proxy, as `sender`. */
  address?: string;
  /** The sender for the node's proxy, `<workload>.<namespace>`. */
  sender?: string;
  configured: Configured;
}

/** Requests of one kind that cannot be sent, and why. */
export interface NoTrial {
  route: string;
  who: string;
  why: string;
}

/**
 * The requests that show on the lab how a stack's routes split traffic.
 * @throws UserError for an unknown route or sender
 */
export function trials(
  traffic: TrafficModel,
  settings: StackSettings,
  node: NodeStatus,
  choice: TrialChoice = {},
): (Trial | NoTrial)[] {
  const all = kinds(traffic, settings);
  const candidates = choice.route === undefined ? all.filter(isSplitByRule) : ofRoute(all, choice.route, choice.from);
  const wanted = choice.from === undefined ? candidates : candidates.filter(({ entry }) => !isAtGateway(entry));
  if (wanted.length === 0 && candidates.length > 0) {
    const what = choice.route ?? 'every route that splits its requests';
    throw new UserError(`--from ${choice.from ?? ''}: ${what} takes requests at gateways alone, so leave it out.`);
  }
  const isGiven = choice.method !== undefined || choice.path !== undefined || choice.headers !== undefined;
  const picked = isGiven ? firstOfEach(wanted) : wanted;
  return alternatives(picked).map((same) => firstPossible(traffic, node, choice, isGiven, same));
}

function firstPossible(
  traffic: TrafficModel,
  node: NodeStatus,
  choice: TrialChoice,
  isGiven: boolean,
  same: readonly Kind[],
): Trial | NoTrial {
  let reason: NoTrial | undefined;
  for (const kind of same) {
    const made = trial(traffic, node, choice, isGiven, kind);
    if (!('why' in made)) return made;
    reason ??= made;
  }
  return reason ?? { route: '', who: '', why: '' };
}

function trial(
  traffic: TrafficModel,
  node: NodeStatus,
  choice: TrialChoice,
  isGiven: boolean,
  kind: Kind,
): Trial | NoTrial {
  const { route, entry, who } = kind;
  if (entry.protocol !== 'http')
    return { route, who, why: `its port ${entry.port} takes ${entry.protocol}, and the requests are plain HTTP` };
  const absent = withoutPods(traffic, node, kind);
  if (absent !== undefined)
    return {
      route,
      who,
      why: `no pod of ${absent} is in the lab; deploy this stack to it, or choose the one with --stack`,
    };
  const request = isGiven ? givenRequest(kind, choice) : exampleRequest(kind);
  if (!isSendable(request.headers ?? {})) return { route, who, why: noExample };
  return isAtGateway(entry)
    ? trialAtGateway(traffic, node, { kind, request, isGiven })
    : trialInMesh(traffic, node, {
        kind,
        request,
        isGiven,
        ...(choice.from === undefined ? {} : { from: choice.from }),
      });
}

/** The services that requests of a kind go to, if the lab has no pod of any of them: another stack is deployed. */
function withoutPods({ mesh }: TrafficModel, { pods }: NodeStatus, { outcome }: Kind): string | undefined {
  const services = (outcome.destinations ?? []).flatMap(({ host }) => mesh.services.withHost(host));
  const isAbsent = (service: (typeof services)[number]): boolean =>
    service.selector !== undefined && !pods.some((pod) => isBehind(pod, service));
  if (services.length === 0 || !services.every(isAbsent)) return undefined;
  return [...new Set(services.map(({ hostname }) => destinationWords({ host: hostname })))].join(', ');
}

const noExample = 'no example of such a request could be made';

interface Wanted {
  kind: Kind;
  request: Request;
  /** Whether the user chose the request. It may then match another rule than the kind's. */
  isGiven: boolean;
  from?: string;
}

function trialAtGateway(traffic: TrafficModel, node: NodeStatus, { kind, request, isGiven }: Wanted): Trial | NoTrial {
  const { route, entry, who } = kind;
  const { proxy, title } = entry.client;
  const services = traffic.mesh.services.inNamespace(proxy.namespace);
  const leading = node.nodePorts.find(({ namespace, service, port }) => {
    const selector = services.find(({ name }) => name === service)?.selector;
    return (
      namespace === proxy.namespace &&
      port === entry.port &&
      (selector === undefined || hasLabels(proxy.labels, selector))
    );
  });
  if (leading === undefined)
    return { route, who, why: `no node port of the lab leads to port ${entry.port} of ${title}` };
  if (
    !node.pods.some(
      ({ role, namespace, labels, ready }) =>
        role === 'gateway' && ready && namespace === proxy.namespace && hasLabels(labels, proxy.labels),
    )
  ) {
    return { route, who, why: `no ready pod of ${title}` };
  }
  const isAnyHost = entry.host === '*';
  const host = isAnyHost ? '127.0.0.1' : entry.host.replace('*', 'www');
  const named: Request = {
    ...request,
    host,
    headers: { host: isAnyHost ? leading.address : host, ...request.headers },
  };
  const outcome = routeOf(traffic, proxy, named);
  if (!isGiven && !isOfKind(outcome, kind)) return { route, who, why: noExample };
  return {
    route,
    who: isGiven ? whoOf(entry, outcome) : who,
    from: title,
    request: named,
    address: leading.address,
    configured: configured(traffic, node, { client: proxy, host: entry.host, outcome }),
  };
}

function trialInMesh(
  traffic: TrafficModel,
  node: NodeStatus,
  { kind, request, isGiven, from }: Wanted,
): Trial | NoTrial {
  const { route, entry, who } = kind;
  if (request.headers?.['host'] !== undefined)
    throw new UserError(`-H host: ${route} takes requests in the mesh, where the host is its service; leave it out.`);
  const senders = from === undefined ? sendersTo(traffic, node, entry) : [namedSender(node, from)];
  if (senders.length === 0) return { route, who, why: 'no ready pod with a sidecar can send such requests' };
  for (const pod of senders) {
    const proxy: Proxy = {
      type: pod.role === 'sidecar' ? 'sidecar' : 'none',
      namespace: pod.namespace,
      labels: pod.labels,
    };
    const outcome = routeOf(traffic, proxy, request);
    if (!isGiven && from === undefined && !isOfKind(outcome, kind)) continue;
    const sender = from ?? `${pod.workload}.${pod.namespace}`;
    return {
      route,
      who: isGiven || from !== undefined ? whoOf(entry, outcome) : who,
      from: proxy.type === 'none' ? `${sender}, which has no sidecar` : sender,
      request,
      sender,
      configured: configured(traffic, node, { client: proxy, host: entry.host, outcome }),
    };
  }
  return { route, who, why: 'no ready pod is a sender that the rule takes' };
}

function configured(
  traffic: TrafficModel,
  { pods }: NodeStatus,
  { client, host, outcome }: { client: Proxy; host: string; outcome: Outcome },
): Configured {
  const byName = new Map(pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]));
  const { destinations = [] } = outcome;
  return {
    outcome,
    nameOf: (destination) => destinationName(destination, host, destinations),
    destinationsOf: (name) => {
      const pod = byName.get(name);
      return pod === undefined
        ? []
        : destinations.filter((destination) => isDestination(traffic, client, destination, pod));
    },
    workloadOf: (name) => {
      const pod = byName.get(name);
      return pod === undefined ? name : `${pod.namespace}/${pod.workload}`;
    },
  };
}

function isDestination(traffic: TrafficModel, client: Proxy, { host, subset }: Destination, pod: LabPod): boolean {
  const view = client.type === 'gateway' ? traffic.gatewayView(client) : traffic.scope(client);
  const service = view.service(host);
  if (service === undefined || !isBehind(pod, service)) return false;
  if (subset === undefined) return true;
  const rule = traffic.mesh.destinationRules.forService(service, client.namespace, client.labels);
  const found = rule?.subsets.find(({ name }) => name === subset);
  return found !== undefined && hasLabels(pod.labels, found.labels);
}

/** Whether a request matches the rule of its kind. */
function isOfKind(outcome: Outcome, { outcome: wanted }: Kind): boolean {
  if (outcome.rule === undefined || wanted.rule === undefined)
    return outcome.rule === wanted.rule && outcome.kind === wanted.kind;
  return ruleKey(outcome.rule) === ruleKey(wanted.rule);
}

/** Describes the requests that a rule takes. */
function whoOf(entry: Entry, { rule }: Outcome): string {
  const taken = entryClasses(entry).find(({ outcome }) =>
    rule === undefined || outcome.rule === undefined ? rule === outcome.rule : ruleKey(rule) === ruleKey(outcome.rule),
  );
  return taken?.who ?? 'such requests';
}
