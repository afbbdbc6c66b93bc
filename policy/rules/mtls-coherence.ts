import { acceptedMode, hasNoProxy } from '../../mesh/model/mutual-tls';
import { isHostWithin, isWildcard } from '../../mesh/model/hosts';
import type { MeshModel, MeshObject, MeshService, MtlsMode } from '../../mesh/model/mesh-model';
import { pushTo } from '../../mesh/collections';
import { effectiveRule } from '../model/clients';
import { type HostRule, hostRules, type PlacedPolicy, policiesOf, tlsMode } from '../model/host-rules';
import { servicePlace } from '../../mesh/model/externals';
import { hasSelectivePolicies, podLabels } from '../model/workloads';
import { examples, type Rule, type Violation } from '../rule';

/**
 * Compares what DestinationRules make clients send with what PeerAuthentications make servers accept: mesh, namespace,
 * workload and port. Services whose workloads are not among the objects are judged by their namespace, unless a policy
 * there selects workloads. Without auto mTLS (MeshConfig enableAutoMtls: false) a client that no rule tells otherwise
 * sends plaintext.
 */
export const mtlsCoherence: Rule = {
  id: 'mtls-coherence',
  level: 'mandatory',
  title: 'clients send what servers accept: mutual TLS or plaintext',
  kiali: ['KIA0204', 'KIA0206', 'KIA0208', 'KIA0401', 'KIA0501', 'KIA0505', 'KIA0506'],
  single: false,
  docs: {
    why: 'A server in mode STRICT resets connections without Istio mTLS, and one in mode DISABLE cannot accept connections with it: every request fails with 503.',
    ...examples(
      `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: bookinfo }
spec: { mtls: { mode: STRICT } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ratings, namespace: bookinfo }
spec:
  host: ratings
  trafficPolicy: { tls: { mode: DISABLE } }
`,
      ['mode: DISABLE', 'mode: ISTIO_MUTUAL'],
    ),
    fix: 'Leave `tls` out of DestinationRules for hosts of the mesh, so that auto mTLS decides, or make it agree with the PeerAuthentication.',
  },
  check: (model) => [
    ...hostRules(model).all.flatMap((rule) => policiesOf(rule).flatMap((placed) => ruleViolation(model, rule, placed))),
    ...(model.config.enableAutoMtls ? [] : [...plaintextClients(model), ...droppedMutual(model)]),
  ],
};

/** The mode of a server, and the object that sets it. */
interface Server {
  mode: MtlsMode;
  decidedBy: MeshObject | undefined;
  noProxy?: string;
}

function ruleViolation(model: MeshModel, rule: HostRule, placed: PlacedPolicy): Violation[] {
  const mode = tlsMode(placed.policy);
  if (mode === undefined) return [];
  const fault = serversOf(model, rule, placed)
    .map((server) => faultOf(mode, server))
    .find((found) => found !== undefined);
  if (fault === undefined) return [];
  const message = `clients of ${rule.host} use TLS mode ${mode}, but ${fault}; leave tls out, or make the two agree`;
  return [{ object: rule.source.object, path: `${placed.path}.tls.mode`, message }];
}

function faultOf(mode: string, { mode: accepted, decidedBy, noProxy }: Server): string | undefined {
  if (mode === 'ISTIO_MUTUAL') {
    if (noProxy !== undefined) return `${noProxy} has no proxy that could answer mutual TLS`;
    return accepted === 'DISABLE'
      ? `the server accepts plaintext only (${policyTitle(decidedBy)}, mode DISABLE)`
      : undefined;
  }
  if (noProxy !== undefined) return undefined;
  return accepted === 'STRICT'
    ? `the server accepts Istio mutual TLS only (${policyTitle(decidedBy)}, mode STRICT)`
    : undefined;
}

function policyTitle(policy: MeshObject | undefined): string {
  return policy === undefined ? 'Istio' : `PeerAuthentication ${policy.namespace}/${policy.name}`;
}

/** The servers that a rule's clients reach, as far as the input shows them. */
function serversOf(model: MeshModel, rule: HostRule, placed: PlacedPolicy): Server[] {
  const { host, subsets } = rule;
  const { subset } = placed;
  const { domain, rootNamespace } = model.config;
  if (isWildcard(host)) {
    if (host === '*' || host === '*.local' || host === `*.${domain}`) return [wide(model, rootNamespace)];
    const namespace = new RegExp(`^\\*\\.([a-z0-9-]+)\\.svc\\.${domain.replaceAll('.', '\\.')}$`).exec(host)?.[1];
    return namespace === undefined ? [] : [wide(model, namespace)];
  }
  const service = model.services.withHost(host)[0];
  if (service?.external === true) return [];
  const labels = subsets.find(({ name }) => name === subset)?.labels ?? {};
  const workloads = service === undefined ? [] : model.workloads.behind(service, podLabels(labels));
  if (service !== undefined && workloads.length > 0) {
    const governed = governedPorts(service, rule, placed);
    return workloads.flatMap((workload) =>
      governed.map((number) => ({
        ...acceptedMode(model, service, workload, number),
        ...(hasNoProxy(model, workload) ? { noProxy: `${workload.kind} ${workload.namespace}/${workload.name}` } : {}),
      })),
    );
  }
  const namespace = service?.namespace ?? servicePlace(host, domain)?.namespace;
  return namespace === undefined || hasSelectivePolicies(model, namespace) ? [] : [wide(model, namespace)];
}

/** The ports of a service that a setting applies to: the port it names, or all ports without their own settings. */
function governedPorts(service: MeshService, rule: HostRule, { port, subset }: PlacedPolicy): (number | undefined)[] {
  if (port !== undefined) return [port];
  const own = policiesOf(rule).flatMap((other) =>
    other.subset === subset && other.port !== undefined ? [other.port] : [],
  );
  const ports = service.ports.map(({ number }) => number);
  return ports.length === 0 ? [undefined] : ports.filter((number) => !own.includes(number));
}

function wide(model: MeshModel, namespace: string): Server {
  const { mode, source } = model.peerAuthentications.forNamespace(namespace);
  return { mode, decidedBy: source };
}

/** Without auto mTLS: Services whose servers are STRICT while clients in their own namespace send plaintext. */
function plaintextClients(model: MeshModel): Violation[] {
  const strict = new Map<MeshObject, MeshService[]>();
  for (const service of model.services.all) {
    const policy = strictPolicy(model, service);
    const rule = effectiveRule(model, service.hostname, service.namespace);
    const told = rule?.trafficPolicy !== undefined && tlsMode(rule.trafficPolicy) !== undefined;
    if (policy !== undefined && !told) pushTo(strict, policy, service);
  }
  return [...strict].map(([policy, services]) => {
    const hosts = services.map(({ hostname }) => hostname).sort();
    const shown = hosts.slice(0, 3).join(', ') + (hosts.length > 3 ? ` and ${hosts.length - 3} more` : '');
    const message = `servers accept mutual TLS only, but auto mTLS is off and no DestinationRule in effect tells clients of ${shown} to use it; add one with tls mode ISTIO_MUTUAL, or switch enableAutoMtls on`;
    return { object: policy.object, path: 'spec.mtls.mode', message };
  });
}

/**
 * Without auto mTLS: rules without tls that replace a wider rule with mutual TLS. Rules for a host do not merge with
 * those for a wildcard.
 */
function droppedMutual(model: MeshModel): Violation[] {
  const { all } = hostRules(model);
  const wideRules = all.filter(
    ({ host, trafficPolicy }) => isWildcard(host) && tlsMode(trafficPolicy ?? {}) === 'ISTIO_MUTUAL',
  );
  return all.flatMap((rule): Violation[] => {
    if (policiesOf(rule).some(({ policy }) => tlsMode(policy) !== undefined)) return [];
    const service = model.services.withHost(rule.host)[0];
    if (service?.external === true) return [];
    const wider = wideRules.find((other) => other.host !== rule.host && isHostWithin(rule.host, other.host));
    if (wider === undefined) return [];
    const { namespace, name } = wider.source;
    const message = `this rule replaces DestinationRule ${namespace}/${name} for ${wider.host}, which says ISTIO_MUTUAL, and states no tls, so clients of ${rule.host} send plaintext; state tls mode ISTIO_MUTUAL here too`;
    const isStrict = service !== undefined && strictPolicy(model, service) !== undefined;
    return [
      {
        object: rule.source.object,
        path: 'spec.trafficPolicy',
        message,
        ...(isStrict ? {} : { level: 'advisory' as const }),
      },
    ];
  });
}

function strictPolicy(model: MeshModel, service: MeshService): MeshObject | undefined {
  if (service.external) return undefined;
  return model.workloads
    .behind(service)
    .filter((workload) => !hasNoProxy(model, workload))
    .map((workload) => acceptedMode(model, service, workload, undefined))
    .find(({ mode }) => mode === 'STRICT')?.decidedBy;
}
