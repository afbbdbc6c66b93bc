import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { Mesh } from '../../mesh/manifests/mesh';
import { asStrings } from '../../mesh/json';
import { compareSpecificity, isWildcard, resolveHost } from '../../mesh/model/hosts';

/**
 * A ValidatingAdmissionPolicy with its binding: only the namespaces that route a host in this stack may route it. It
 * covers the hosts of the stack's VirtualServices, names below their wildcards, and every Service of the stack's
 * namespaces.
 * @param name - name of the stack; each stack in a cluster has its own policy
 * @param domain - domain of the cluster
 */
export function admissionPolicy(
  name: string,
  { objects, existingNamespaces, namespaces }: AdmissionInput,
  domain = 'cluster.local',
): KubernetesObject[] {
  const owners = hostOwners(
    [...existingNamespaces, ...objects].map(({ object }) => object),
    domain,
  );
  // `*` is compared literally: it does not claim the hosts of others.
  const isPattern = (host: string): boolean => isWildcard(host) && host !== '*';
  const exact = [...owners].filter(([host]) => !isPattern(host));
  // The longest wildcard that covers a host decides, as in Istio.
  const wildcards = [...owners].filter(([host]) => isPattern(host)).sort(([a], [b]) => compareSpecificity(a, b));
  const metadata = { name: `meshwright-hosts-${name}` };
  const policy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata,
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [
          rule('networking.istio.io', ['v1', 'v1beta1', 'v1alpha3'], 'virtualservices'),
          rule('gateway.networking.k8s.io', ['v1', 'v1beta1'], 'httproutes'),
        ],
      },
      variables: [
        variable('owners', celMap(exact)),
        variable('wildcards', celStrings(wildcards.map(([host]) => host.slice(1)))),
        variable('wildcardOwners', celMap(wildcards.map(([host, list]) => [host.slice(1), list]))),
        variable('namespaces', celStrings(namespaces)),
        variable('suffix', celString(`.svc.${domain}`)),
        variable(
          'written',
          'has(object.spec.hosts) ? object.spec.hosts : (has(object.spec.hostnames) ? object.spec.hostnames : [])',
        ),
        // A name without a dot is a Service of the object's own namespace.
        variable(
          'hosts',
          `variables.written.map(h, h == "*" || h.contains(".") ? h : h + "." + request.namespace + variables.suffix)`,
        ),
        variable('foreign', `variables.hosts.filter(h, ${isForeign})`),
      ],
      validations: [
        {
          expression: 'variables.foreign.size() == 0',
          messageExpression: `"namespace " + request.namespace + " may not route " + variables.foreign.join(", ") + ": the stack ${name} says who may"`,
          reason: 'Forbidden',
        },
      ],
    },
  };
  const binding = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: { policyName: metadata.name, validationActions: ['Deny'] },
  };
  return [policy, binding];
}

/** The parts of a mesh that decide which namespace may route which host. */
export interface AdmissionInput extends Pick<Mesh, 'objects' | 'existingNamespaces'> {
  /** Namespaces whose Services only they themselves may route. */
  namespaces: readonly string[];
}

/** In CEL: whether another namespace than the object's own owns the host `h`. */
const isForeign = [
  'h in variables.owners ? !(request.namespace in variables.owners[h])',
  'variables.wildcards.exists(w, h.endsWith(w)) ? !(request.namespace in variables.wildcardOwners[variables.wildcards.filter(w, h.endsWith(w))[0]])',
  'h.endsWith(variables.suffix) && variables.namespaces.exists(n, n != request.namespace && h.endsWith("." + n + variables.suffix))',
].join(' : ');

/** The namespaces that route each host. Names of Services are completed. */
function hostOwners(objects: readonly KubernetesObject[], domain: string): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  const routes = objects.filter(
    ({ apiVersion, kind }) =>
      (kind === 'VirtualService' && apiVersion.startsWith('networking.istio.io/')) ||
      (kind === 'HTTPRoute' && apiVersion.startsWith('gateway.networking.k8s.io/')),
  );
  for (const { metadata, spec } of routes) {
    const namespace = metadata.namespace ?? 'default';
    for (const written of [...asStrings(spec?.['hosts']), ...asStrings(spec?.['hostnames'])]) {
      const host = resolveHost(written, namespace, domain);
      owners.set(host, [...new Set([...(owners.get(host) ?? []), namespace])]);
    }
  }
  return owners;
}

function rule(group: string, versions: string[], resource: string): Record<string, unknown> {
  return { apiGroups: [group], apiVersions: versions, operations: ['CREATE', 'UPDATE'], resources: [resource] };
}

function variable(name: string, expression: string): { name: string; expression: string } {
  return { name, expression };
}

function celMap(entries: [string, string[]][]): string {
  return `{${entries.map(([key, values]) => `${celString(key)}: ${celStrings(values)}`).join(', ')}}`;
}

function celStrings(values: readonly string[]): string {
  return celList(values.map(celString));
}

function celList(items: readonly string[]): string {
  return `[${items.join(', ')}]`;
}

function celString(text: string): string {
  return JSON.stringify(text);
}
