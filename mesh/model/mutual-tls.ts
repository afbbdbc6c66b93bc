import { asList, asMap, asName, asNumber, asString, isMap, type JsonMap } from '../json';
import type { EffectiveMtls, MeshModel, MeshObject, MeshService, MeshWorkload, MtlsMode } from './mesh-model';

/** The mode in which a workload's proxy accepts connections to a port of a service. */
export function acceptedMode(
  model: MeshModel,
  service: MeshService,
  workload: MeshWorkload,
  port: number | undefined,
): { mode: MtlsMode; decidedBy: EffectiveMtls['source'] } {
  const { mode, ports, source } = model.peerAuthentications.forWorkload(workload.namespace, workload.labels);
  const target = port === undefined ? undefined : targetPort(service, workload, port);
  const forPort = target === undefined ? undefined : ports[String(target)];
  return { mode: forPort?.mode ?? mode, decidedBy: forPort === undefined ? source : forPort.source };
}

/** The container's port behind a port of the service. */
function targetPort(service: MeshService, workload: MeshWorkload, port: number): number | undefined {
  const target = service.ports.find(({ number }) => number === port)?.targetPort ?? port;
  return typeof target === 'number' ? target : workload.ports.find(({ name }) => name === target)?.number;
}

/** A client of a service, with the facts that decide how it connects. */
export interface MeshClient {
  /** `gateway` is Istio's gateway; `none` has no proxy and sends plaintext. */
  proxy: 'sidecar' | 'ambient' | 'gateway' | 'none';
  namespace: string;
  labels: Record<string, string>;
}

/** The part of a service that a client calls. */
export interface CalledPort {
  port: number;
  subset?: string | undefined;
}

/** The TLS settings of the DestinationRule in force for a client. */
export interface ClientTls {
  /** Undefined if no rule sets it, so that automatic mutual TLS decides for each endpoint. */
  mode: 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL' | undefined;
  /** The object and the path that decide the mode; undefined when none does. */
  source: MeshObject | undefined;
  path: string | undefined;
}

/**
 * The TLS settings with which a client calls a port of a service or subset. The settings of a port replace all other
 * settings, and those of a subset come before those of the rule (istio pilot/pkg/networking/util,
 * GetPortLevelTrafficPolicy and MergeSubsetTrafficPolicy).
 */
export function clientTls(model: MeshModel, client: MeshClient, service: MeshService, called: CalledPort): ClientTls {
  const none: ClientTls = { mode: undefined, source: undefined, path: undefined };
  if (client.proxy === 'none' || client.proxy === 'ambient') return none;
  const rule = model.destinationRules.forService(service, client.namespace, client.labels);
  if (rule === undefined) return none;
  const subset = rule.subsets.find(({ name }) => name === called.subset);
  const own = policyTls(subset?.trafficPolicy, called.port);
  const level = own.isForPort || own.tls !== undefined ? own : policyTls(rule.trafficPolicy, called.port);
  if (level.tls === undefined) return none;
  const source = level === own ? subset?.source : rule.from.find(({ spec }) => isMap(spec['trafficPolicy']));
  const path = `${level === own ? `${subset?.path ?? ''}.` : 'spec.'}trafficPolicy${level.path}.tls`;
  const needsSelector = ['SIMPLE', 'MUTUAL'].includes(tlsMode(level.tls)) && hasSecretName(level.tls);
  // istiod gives a sidecar the certificate of a Secret only for a rule that selects workloads; without it the sidecar sends plaintext.
  const isDropped = needsSelector && client.proxy === 'sidecar' && rule.workloadSelector === undefined;
  return { mode: isDropped ? 'DISABLE' : tlsMode(level.tls), source, path };
}

function hasSecretName(tls: JsonMap): boolean {
  const name = asName(tls['credentialName']);
  return name !== undefined && !name.startsWith('configmap://');
}

/** DISABLE is the zero value of the field. */
function tlsMode(tls: JsonMap): 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL' {
  const mode = asString(tls['mode']);
  return mode === 'SIMPLE' || mode === 'MUTUAL' || mode === 'ISTIO_MUTUAL' ? mode : 'DISABLE';
}

interface PolicyTls {
  isForPort: boolean;
  tls: JsonMap | undefined;
  path: string;
}

function policyTls(policy: JsonMap | undefined, port: number): PolicyTls {
  const ports = asList(policy?.['portLevelSettings']).map(asMap);
  const index = ports.findIndex((settings) => asNumber(asMap(settings['port'])['number']) === port);
  const level = index < 0 ? policy : ports[index];
  const tls = level?.['tls'];
  return {
    isForPort: index >= 0,
    tls: isMap(tls) ? tls : undefined,
    path: index < 0 ? '' : `.portLevelSettings[${index}]`,
  };
}

/** How a client connects to one workload, and whether the workload accepts the connection. */
export interface Handshake {
  /** `mutual` is Istio's mutual TLS; `tls` is TLS with the user's own certificates. */
  sent: 'plaintext' | 'tls' | 'mutual';
  /** What the workload's proxy accepts; undefined without a proxy. */
  accepted: MtlsMode | undefined;
  /** `unknown` if it depends on the application, a Gateway server or injection, which the input does not show. */
  result: 'accepted' | 'refused' | 'unknown';
  /** What the result depends on, if not on the workload. */
  doubt?: string;
  /** The DestinationRule that decides what is sent; undefined for automatic mutual TLS and for clients without a proxy. */
  rule: MeshObject | undefined;
  /** The PeerAuthentication that decides what is accepted; undefined for Istio's default. */
  policy: MeshObject | undefined;
}

/** The connection of a client to one workload behind a port of a service or subset. */
export function handshake(
  model: MeshModel,
  client: MeshClient,
  service: MeshService,
  called: CalledPort,
  workload: MeshWorkload,
): Handshake {
  const found = handshakeWith(model, client, service, called, workload);
  if (workload.proxy !== 'none' || hasNoProxy(model, workload)) return found;
  const injected = handshakeWith(model, client, service, called, { ...workload, proxy: 'sidecar' });
  return injected.result === found.result ? found : { ...injected, result: 'unknown' };
}

/** Whether a workload certainly has no proxy. Without the Namespace object its namespace may have injection, unless the pods opt out. */
export function hasNoProxy(
  model: MeshModel,
  { proxy, namespace, labels, annotations, podSpec }: MeshWorkload,
): boolean {
  if (proxy !== 'none') return false;
  if (model.namespaces.get(namespace)?.source !== undefined) return true;
  const optsOut = labels['sidecar.istio.io/inject'] === 'false' || annotations['sidecar.istio.io/inject'] === 'false';
  return optsOut || podSpec['hostNetwork'] === true;
}

function handshakeWith(
  model: MeshModel,
  client: MeshClient,
  service: MeshService,
  called: CalledPort,
  workload: MeshWorkload,
): Handshake {
  const tls = clientTls(model, client, service, called);
  const { mode, decidedBy } = acceptedMode(model, service, workload, called.port);
  const sent = sentTo(model, client, service, called, workload, tls.mode);
  const accepted = workload.proxy === 'none' ? undefined : mode;
  const common = { accepted, rule: tls.source, policy: accepted === undefined ? undefined : decidedBy };
  if (sent === 'depends on version') {
    const name = `${service.hostname} ${called.subset ?? ''}`.trimEnd();
    const doubt = `whether automatic mutual TLS to ${name} follows the mode of its DestinationRule, as it does since Istio 1.31`;
    return { ...common, sent: 'mutual', result: 'unknown', doubt };
  }
  if (model.isGateway(workload)) {
    // The servers of its Gateways decide, not PeerAuthentication.
    return { ...common, sent, result: sent === 'plaintext' ? 'accepted' : 'unknown' };
  }
  return { ...common, sent, result: result(sent, tls.mode, accepted, workload.proxy) };
}

function sentTo(
  model: MeshModel,
  client: MeshClient,
  service: MeshService,
  called: CalledPort,
  workload: MeshWorkload,
  mode: ClientTls['mode'],
): Handshake['sent'] | 'depends on version' {
  if (client.proxy === 'none') return 'plaintext';
  if (workload.proxy === 'ambient') return 'mutual';
  if (client.proxy === 'ambient') return 'plaintext';
  if (mode === 'ISTIO_MUTUAL') return 'mutual';
  if (mode !== undefined) return mode === 'DISABLE' ? 'plaintext' : 'tls';
  const mutual = isAutomaticallyMutual(model, client, service, called, workload);
  return mutual === 'depends on version' ? mutual : mutual ? 'mutual' : 'plaintext';
}

/**
 * Automatic mutual TLS: to endpoints with a sidecar that does not have mutual TLS disabled. It is off for services outside the mesh, in namespaces whose
 * PeerAuthentication says DISABLE, and for passthrough services of which one endpoint has no sidecar (istio pilot/pkg/model/push_context.go,
 * BestEffortInferServiceMTLSMode; pilot/pkg/xds/endpoints/mtls_checker.go).
 */
function isAutomaticallyMutual(
  model: MeshModel,
  client: MeshClient,
  service: MeshService,
  called: CalledPort,
  workload: MeshWorkload,
): boolean | 'depends on version' {
  if (!model.config.enableAutoMtls || service.external) return false;
  if (model.peerAuthentications.forNamespace(service.namespace).mode === 'DISABLE') return false;
  const rule = model.destinationRules.forService(service, client.namespace, client.labels);
  const subset = rule?.subsets.find(({ name }) => name === called.subset);
  const policy = called.subset === undefined ? rule?.trafficPolicy : subset?.trafficPolicy;
  const isPassthrough = asMap(asMap(policy)['loadBalancer'])['simple'] === 'PASSTHROUGH';
  if (service.resolution === 'None' || isPassthrough) {
    const all = model.workloads.behind(service);
    if (!all.every(({ proxy }) => proxy === 'sidecar')) return false;
    // Gateways know the endpoints of a headless Service; a sidecar uses one setting for all of them.
    if (client.proxy === 'sidecar') return true;
  }
  const hint = endpointHint(policy, called.port);
  if (hint !== undefined) return tlsMode(hint) === 'ISTIO_MUTUAL';
  const byEndpoint =
    workload.proxy === 'sidecar' && acceptedMode(model, service, workload, called.port).mode !== 'DISABLE';
  const ofRule = endpointHint(rule?.trafficPolicy, called.port);
  // Istio 1.31 falls back from the subset to the rule, and earlier versions do not.
  return ofRule === undefined || (tlsMode(ofRule) === 'ISTIO_MUTUAL') === byEndpoint
    ? byEndpoint
    : 'depends on version';
}

/** Settings of a port do not inherit from the policy around them, but istiod uses its mode as a hint for each endpoint. */
function endpointHint(policy: JsonMap | undefined, port: number): JsonMap | undefined {
  const hint = policyTls(policy, port).tls ?? asMap(policy)['tls'];
  return isMap(hint) ? hint : undefined;
}

function result(
  sent: Handshake['sent'],
  mode: ClientTls['mode'],
  accepted: MtlsMode | undefined,
  proxy: MeshWorkload['proxy'],
): Handshake['result'] {
  if (proxy === 'ambient') return sent === 'plaintext' && accepted === 'STRICT' ? 'refused' : 'accepted';
  switch (sent) {
    case 'plaintext':
      return accepted === 'STRICT' ? 'refused' : 'accepted';
    case 'mutual':
      return accepted === undefined || accepted === 'DISABLE' ? 'refused' : 'accepted';
    case 'tls':
      // A STRICT proxy requires a certificate of the mesh, which only MUTUAL may have. Other proxies pass the bytes to
      // the application, which may or may not speak TLS.
      return accepted === 'STRICT' && mode === 'SIMPLE' ? 'refused' : 'unknown';
  }
}
