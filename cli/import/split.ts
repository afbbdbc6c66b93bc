import { compareStrings, pushTo } from '../../mesh/collections';
import { asList, asMap, asString, asStrings } from '../../mesh/json';
import { apiGroup, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { resolveHost } from '../../mesh/model/hosts';
import { identity } from '../objects';
import type { Given, Intake } from './intake';
import { isDestinationRule, isVirtualService } from './routes/pairs';

/** The objects of one stack. */
export interface Part {
  /** Namespace of the team; undefined for the platform's stack. */
  namespace?: string;
  intake: Intake;
  /** Hosts of other parts that its routes name. */
  hosts: string[];
}

/** Namespaces of a platform team. */
const platformNamespaces = /^(?:istio-.*|kube-.*|cert-manager|knative-serving|.*-ingress|.*-gateway)$/;

/**
 * Splits an import for several teams. The platform's stack has the namespaces, Gateways, cluster-scoped objects and the objects of platform namespaces. Each other namespace gets its own stack.
 * Hosts of other parts are external to a stack.
 */
export function splitByNamespace(intake: Intake, domain = 'cluster.local'): Part[] {
  const byTeam = new Map<string, Given[]>();
  const platform: Given[] = [];
  for (const given of intake.objects) {
    const { namespace } = given.object.metadata;
    if (namespace === undefined || isShared(given.object) || platformNamespaces.test(namespace)) platform.push(given);
    else pushTo(byTeam, namespace, given);
  }
  const teams = [...byTeam].sort(([a], [b]) => compareStrings(a, b));
  const { weightsOwnedBy = {} } = intake;
  const none = { leftOut: [], upgraded: [], weightsOwnedBy, placed: 0, problems: [] };
  const hosts = hostOwners(intake.objects, domain);
  return [
    { intake: { ...intake, objects: platform, secrets: secretsOf(intake, (name) => !byTeam.has(name)) }, hosts: [] },
    ...teams.map(([namespace, objects]) => ({
      namespace,
      intake: { ...none, objects, secrets: secretsOf(intake, (name) => name === namespace) },
      hosts: foreignHosts(objects, new Set(objects.map(({ object }) => identity(object))), hosts, domain),
    })),
  ];
}

function isShared({ apiVersion, kind }: KubernetesObject): boolean {
  return kind === 'Gateway' && apiGroup(apiVersion) === 'networking.istio.io';
}

function secretsOf({ secrets }: Intake, isOwn: (namespace: string) => boolean): string[] {
  return secrets.filter((secret) => isOwn(secret.slice(0, secret.indexOf('/'))));
}

/** The object that defines each host. */
function hostOwners(all: readonly Given[], domain: string): Map<string, string> {
  const owners = new Map<string, string>();
  for (const { object } of all) {
    const { kind, apiVersion, metadata, spec = {} } = object;
    if (kind === 'Service' && apiVersion === 'v1')
      owners.set(`${metadata.name}.${metadata.namespace ?? 'default'}.svc.${domain}`, identity(object));
    if (kind === 'ServiceEntry' && apiGroup(apiVersion) === 'networking.istio.io')
      for (const host of asStrings(spec['hosts'])) owners.set(host, identity(object));
  }
  return owners;
}

function foreignHosts(
  objects: readonly Given[],
  own: ReadonlySet<string>,
  owners: ReadonlyMap<string, string>,
  domain: string,
): string[] {
  const named = objects.flatMap(({ object }) =>
    hostsIn(object).map((host) => resolveHost(host, object.metadata.namespace ?? 'default', domain)),
  );
  const foreign = named.filter((host) => {
    const owner = owners.get(host);
    return owner !== undefined && !own.has(owner);
  });
  return [...new Set(foreign)].sort(compareStrings);
}

/** Destinations of a route, or the host of a DestinationRule. */
function hostsIn(object: KubernetesObject): string[] {
  const { spec = {} } = object;
  if (isDestinationRule(object)) return [asString(spec['host']) ?? ''];
  if (!isVirtualService(object)) return [];
  return ['http', 'tls', 'tcp'].flatMap((list) =>
    asList(spec[list]).flatMap((rule) =>
      [...asList(asMap(rule)['route']), { destination: asMap(rule)['mirror'] }].flatMap(
        (one) => asString(asMap(asMap(one)['destination'])['host']) ?? [],
      ),
    ),
  );
}
