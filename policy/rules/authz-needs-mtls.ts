import { asList, asString } from '../../mesh/json';
import type { MeshModel, MeshObject, MeshService } from '../../mesh/model/mesh-model';
import { clausesOf } from '../model/authorization';
import { policyAttachment, workloadsOfPolicy } from '../../mesh/model/policy-attachment';
import { effectiveRule } from '../model/clients';
import { tlsMode } from '../model/host-rules';
import { servicesOf } from '../model/workloads';
import { examples, type Rule, type Violation } from '../rule';

const sourceFields = [
  'principals',
  'notPrincipals',
  'namespaces',
  'notNamespaces',
  'serviceAccounts',
  'notServiceAccounts',
];
const conditionKeys = ['source.principal', 'source.namespace', 'source.serviceAccount', 'connection.sni'];

/** PERMISSIVE counts as mutual TLS, because clients with a proxy use it. */
export const authzNeedsMtls: Rule = {
  id: 'authz-needs-mtls',
  level: 'mandatory',
  title: 'a policy that checks client identities has mutual TLS',
  kiali: ['KIA0105'],
  single: false,
  docs: {
    why: 'Principals and namespaces of clients come from their certificates. Without mutual TLS they are empty: an ALLOW refuses every client, a DENY refuses none.',
    ...examples(
      `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: bookinfo }
spec: { mtls: { mode: DISABLE } }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ratings, namespace: bookinfo }
spec:
  selector: { matchLabels: { app: ratings } }
  rules: [{ from: [{ source: { namespaces: [bookinfo] } }] }]
`,
      ['mode: DISABLE', 'mode: STRICT'],
    ),
    fix: 'Set mode STRICT (or PERMISSIVE while clients move) for the workloads, and let DestinationRules use ISTIO_MUTUAL or leave tls out.',
  },
  check: (model) => model.objects.ofKind('AuthorizationPolicy').flatMap((policy) => violations(model, policy)),
};

function violations(model: MeshModel, policy: MeshObject): Violation[] {
  const paths = identityPaths(policy);
  const fault = paths.length === 0 ? undefined : whyPlaintext(model, policy);
  if (fault === undefined) return [];
  const message = `this checks the client's identity, which only mutual TLS gives, but ${fault}; switch mutual TLS on, or use other conditions`;
  return paths.map((path) => ({ object: policy.object, path, message }));
}

function identityPaths(policy: MeshObject): string[] {
  const { sources, conditions } = clausesOf(policy);
  return [
    ...sources.flatMap(({ fields, path }) =>
      sourceFields.filter((field) => asList(fields[field]).length > 0).map((field) => `${path}.${field}`),
    ),
    ...conditions
      .filter(({ fields }) => conditionKeys.includes(asString(fields['key']) ?? ''))
      .map(({ path }) => `${path}.key`),
  ];
}

/** Why workloads of a policy get no mutual TLS; undefined when they may get it. */
function whyPlaintext(model: MeshModel, policy: MeshObject): string | undefined {
  const target = policyAttachment(policy);
  const workloads = workloadsOfPolicy(model, target.source);
  const modes =
    workloads.length === 0
      ? [model.peerAuthentications.forWorkload(policy.namespace, target.selector ?? {})]
      : workloads.map(({ namespace, labels }) => model.peerAuthentications.forWorkload(namespace, labels));
  const off = modes.find(({ mode }) => mode === 'DISABLE');
  if (off !== undefined) {
    return `PeerAuthentication ${off.source?.namespace ?? ''}/${off.source?.name ?? ''} switches it off (mode DISABLE)`;
  }
  return workloads
    .flatMap((workload) => servicesOf(model, workload))
    .map((service) => plaintextRule(model, service))
    .find((fault) => fault !== undefined);
}

function plaintextRule(model: MeshModel, { hostname, namespace }: MeshService): string | undefined {
  const rule = effectiveRule(model, hostname, namespace);
  const mode = rule?.trafficPolicy === undefined ? undefined : tlsMode(rule.trafficPolicy);
  const [source] = rule?.from ?? [];
  if (mode === undefined) {
    return model.config.enableAutoMtls
      ? undefined
      : `auto mTLS is off and no DestinationRule tells clients of ${hostname} to use it`;
  }
  if (mode === 'ISTIO_MUTUAL') return undefined;
  return `DestinationRule ${source?.namespace ?? ''}/${source?.name ?? ''} makes clients of ${hostname} use TLS mode ${mode}`;
}
