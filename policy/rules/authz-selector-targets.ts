import { asName, asStrings } from '../../mesh/json';
import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { type Clause, clausesOf, isMethodPattern } from '../model/authorization';
import { matchesPolicyValue, policyAttachment, workloadsOfPolicy } from '../../mesh/model/policy-attachment';
import { hostState } from '../model/known';
import { declaresWorkloads, describesNamespaces, isDeclared, namespaceExists } from '../../mesh/model/externals';
import { isWildcard, serviceFqdn } from '../../mesh/model/hosts';
import { formatLabels } from '../../mesh/model/endpoints';
import { type CheckOptions, examples, type Rule, type Violation } from '../rule';

/**
 * Judges only what the objects describe: selectors in namespaces with workloads, namespaces when some Namespace is among the objects, ServiceAccounts in namespaces with
 * ServiceAccounts. Hosts are compared with the Host header, so only short names and `service.namespace` are looked up.
 */
export const authzSelectorTargets: Rule = {
  id: 'authz-selector-targets',
  level: 'mandatory',
  title: 'an AuthorizationPolicy selects a workload, and names clients, hosts and methods that exist',
  istio: ['IST0101', 'IST0127'],
  kiali: ['KIA0004', 'KIA0101', 'KIA0102', 'KIA0104', 'KIA0106', 'KIA0108'],
  single: false,
  docs: {
    why: 'A policy that selects no workload protects nothing. One that names a client, host or method that does not exist never matches: an ALLOW refuses every client, a DENY refuses none.',
    ...examples(
      `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ratings-v1, namespace: bookinfo }
spec:
  selector: { matchLabels: { app: ratings } }
  template: { metadata: { labels: { app: ratings } } }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ratings, namespace: bookinfo }
spec:
  selector: { matchLabels: { app: rating } }
  rules: [{ to: [{ operation: { methods: [get] } }] }]
`,
      ['app: rating }', 'app: ratings }'],
      ['[get]', '[GET]'],
    ),
    fix: 'Correct the name, add what it names, or declare it in `externals`.',
  },
  check: (model, options) =>
    model.objects.ofKind('AuthorizationPolicy').flatMap((policy) => {
      const { sources, operations } = clausesOf(policy);
      return [
        ...selectsNothing(model, options, policy),
        ...sources.flatMap((source) => [...namespaces(model, options, source), ...principals(model, options, source)]),
        ...operations.flatMap((operation) => [...methods(operation), ...hosts(model, policy, operation)]),
      ].map((found) => ({ object: policy.object, ...found }));
    }),
};

type Found = Omit<Violation, 'object'>;

function selectsNothing(model: MeshModel, options: CheckOptions, policy: MeshObject): Found[] {
  const target = policyAttachment(policy);
  if (target.selector === undefined || workloadsOfPolicy(model, target.source).length > 0) return [];
  const isRoot = policy.namespace === model.config.rootNamespace;
  const hasWorkloads = !isRoot && model.workloads.inNamespace(policy.namespace).length > 0;
  const isDescribed = options.complete === true || hasWorkloads;
  if (!isDescribed || declaresWorkloads(model, policy.namespace)) return [];
  const message = `no workload of ${isRoot ? 'the mesh' : `namespace ${policy.namespace}`} carries the labels ${formatLabels(target.selector)}, so this policy protects nothing; select the labels of its pods`;
  return [{ path: 'spec.selector.matchLabels', message }];
}

function namespaces(model: MeshModel, options: CheckOptions, { fields, path }: Clause): Found[] {
  if (!describesNamespaces(model)) return [];
  const known = [...model.namespaces.keys(), ...(options.externals?.namespaces ?? [])];
  return ['namespaces', 'notNamespaces'].flatMap((field) =>
    asStrings(fields[field]).flatMap((pattern, at) => {
      const exists = namespaceExists(model, pattern) || known.some((name) => matchesPolicyValue(name, pattern));
      if (exists) return [];
      const message = `no namespace is named "${pattern}"; there are ${[...model.namespaces.keys()].sort().join(', ')}. Correct it, or declare it in externals.namespaces`;
      return [{ path: `${path}.${field}[${at}]`, message }];
    }),
  );
}

function principals(model: MeshModel, options: CheckOptions, { fields, path }: Clause): Found[] {
  const trustDomain = asName(model.config.raw['trustDomain']);
  return asStrings(fields['principals']).flatMap((principal, at): Found[] => {
    const parts = /^([^*/]+)\/ns\/([^*/]+)\/sa\/([^*/]+)$/.exec(principal);
    if (parts === null) return [];
    const [, domain = '', namespace = '', name = ''] = parts;
    const own = `${path}.principals[${at}]`;
    if (trustDomain === undefined && domain !== 'cluster.local') return [];
    if (trustDomain !== undefined && domain !== trustDomain && domain !== 'cluster.local') {
      const aliases = asStrings(model.config.raw['trustDomainAliases']);
      if (aliases.includes(domain)) return [];
      const message = `principal "${principal}" is of trust domain "${domain}", while the mesh is "${trustDomain}"; correct it, or add the domain to trustDomainAliases`;
      return [{ path: own, message, level: 'advisory' }];
    }
    if (serviceAccountExists(model, options, namespace, name)) return [];
    const message = `principal "${principal}" matches no client: namespace ${namespace} has no ServiceAccount "${name}"; correct it, add the ServiceAccount, or declare "${namespace}/${name}" in externals.serviceAccounts`;
    return [{ path: own, message }];
  });
}

/** Also true if the input does not show the ServiceAccounts of a namespace. */
function serviceAccountExists(model: MeshModel, options: CheckOptions, namespace: string, name: string): boolean {
  if (name === 'default' || isDeclared(options.externals?.serviceAccounts, namespace, name)) return true;
  if (model.objects.get('ServiceAccount', namespace, name) !== undefined) return true;
  const workloads = model.workloads.inNamespace(namespace);
  if (workloads.some(({ serviceAccount }) => serviceAccount === name)) return true;
  const isDescribed =
    options.complete === true ||
    model.objects.ofKind('ServiceAccount').some((account) => account.namespace === namespace);
  return !isDescribed;
}

function methods({ fields, path }: Clause): Found[] {
  return ['methods', 'notMethods'].flatMap((field) =>
    asStrings(fields[field]).flatMap((method, at) => {
      if (isMethodPattern(method)) return [];
      const upper = method.toUpperCase();
      const hint = isMethodPattern(upper)
        ? `methods are case-sensitive, write "${upper}"`
        : 'allowed are the methods of HTTP, such as GET, and for gRPC always POST';
      return [{ path: `${path}.${field}[${at}]`, message: `"${method}" is not an HTTP method; ${hint}` }];
    }),
  );
}

function hosts(model: MeshModel, policy: MeshObject, { fields, path }: Clause): Found[] {
  return asStrings(fields['hosts']).flatMap((host, at): Found[] => {
    const [, owner = policy.namespace, ...rest] = host.split('.');
    const isService = rest.length === 0 && (owner === policy.namespace || model.namespaces.has(owner));
    const fqdn = isService ? serviceFqdn(host, policy.namespace, model.config.domain) : undefined;
    if (fqdn === undefined || isWildcard(host) || host.includes(':') || host === 'localhost') return [];
    const state = hostState(model, fqdn, policy.namespace);
    if (state.is !== 'missing' || !state.sure) return [];
    return [{ path: `${path}.hosts[${at}]`, message: `host "${host}" is not a Service; ${state.hint}` }];
  });
}
