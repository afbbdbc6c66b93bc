import { asStrings } from '../../mesh/json';
import type { MeshModel, MeshObject, MeshService } from '../../mesh/model/mesh-model';
import { isHttp } from '../../mesh/model/protocol';
import { httpField } from '../model/ambient';
import { actionOf, clausesOf } from '../model/authorization';
import { workloadsOfPolicy } from '../../mesh/model/policy-attachment';
import { servicesOf } from '../model/workloads';
import { examples, type Rule, type Violation } from '../rule';

/** Judged where every port of the Services in front of the workloads is known to be TCP. */
export const authzHttpOnTcp: Rule = {
  id: 'authz-http-on-tcp',
  level: 'mandatory',
  title: 'no AuthorizationPolicy uses HTTP fields for workloads with TCP ports only',
  single: false,
  docs: {
    why: 'On a TCP port a proxy reads no method, path, host or token. An ALLOW rule with such a field never matches there, so all connections are refused; a DENY rule refuses all of them.',
    ...examples(
      `
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { selector: { app: db }, ports: [{ name: tcp-pg, port: 5432 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: db, namespace: shop }
spec:
  selector: { matchLabels: { app: db } }
  template: { metadata: { labels: { app: db } } }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: db, namespace: shop }
spec:
  selector: { matchLabels: { app: db } }
  rules: [{ to: [{ operation: { methods: [GET] } }] }]
`,
      ['methods: [GET]', 'ports: ["5432"]'],
    ),
    fix: 'Use ports, principals, namespaces or IP addresses, or name the port by its protocol if it carries HTTP.',
  },
  check: (model) =>
    model.objects
      .ofKind('AuthorizationPolicy')
      .filter(({ spec }) => spec['selector'] !== undefined)
      .flatMap((policy) => violations(model, policy)),
};

function violations(model: MeshModel, policy: MeshObject): Violation[] {
  const field = httpField(policy);
  if (field === undefined) return [];
  const wanted = new Set(clausesOf(policy).operations.flatMap(({ fields }) => asStrings(fields['ports'])));
  const ports = workloadsOfPolicy(model, policy)
    .flatMap((workload) => servicesOf(model, workload))
    .flatMap((service) => service.ports)
    .filter(
      ({ number, targetPort }) => wanted.size === 0 || wanted.has(String(targetPort)) || wanted.has(String(number)),
    );
  if (ports.length === 0 || !ports.every(isTcp)) return [];
  const list = [...new Set(ports.map(({ number, name }) => `${number} (${name})`))].join(', ');
  const effect =
    actionOf(policy) === 'DENY' ? 'it refuses every connection' : 'it never matches, and every connection is refused';
  const message = `"${field}" cannot be read on TCP ports, and the ports of these workloads are TCP: ${list}; ${effect}. Use ports or principals instead`;
  return [{ object: policy.object, path: 'spec.rules', message }];
}

/** A port without a protocol is detected, and may be HTTP. */
function isTcp({ protocol }: MeshService['ports'][number]): boolean {
  return protocol !== 'Unsupported' && !isHttp(protocol);
}
