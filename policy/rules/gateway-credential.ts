import { asName, asStrings } from '../../mesh/json';
import type { MeshGateway, MeshGatewayServer, MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { pushTo } from '../../mesh/collections';
import { hasLabels } from '../../mesh/model/workload-index';
import { certificateFault, credentialIn, makesSecret, secretData } from '../model/secrets';
import { knownGatewayWorkloads } from '../model/clients';
import { isDeclared } from '../../mesh/model/externals';
import { type CheckOptions, examples, type Rule, type Violation } from '../rule';

/**
 * The Secret must be in the namespace of the gateway's pods, which is looked up as for gateway-workload-port. It is
 * missing if it is not in the input, and the input has another Secret or Certificate of that namespace, or one of that
 * name elsewhere. Declare
 * Secrets that come from elsewhere in `externals.secrets`. Messages never hold a value of a Secret.
 */
export const gatewayCredential: Rule = {
  id: 'gateway-credential',
  level: 'mandatory',
  title: 'the certificate of a gateway exists, is readable and valid',
  istio: ['IST0101', 'IST0138', 'IST0161'],
  single: false,
  docs: {
    why: 'Without a valid certificate a TLS server has no listener: connections to its host are reset, and only the log of the gateway says why.',
    ...examples(
      `
apiVersion: apps/v1
kind: Deployment
metadata: { name: istio-ingressgateway, namespace: istio-ingress }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  template: { metadata: { labels: { istio: ingressgateway } } }
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: shop, namespace: shop }
spec:
  selector: { istio: ingressgateway }
  servers:
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: [shop.example.com]
      tls: { mode: SIMPLE, credentialName: shop-cert }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop, namespace: shop }
spec: { secretName: shop-cert, dnsNames: [shop.example.com], issuerRef: { name: ca } }
`,
      [
        `name: shop, namespace: shop }
spec: { secretName`,
        `name: shop, namespace: istio-ingress }
spec: { secretName`,
      ],
    ),
    fix: 'Create the Secret, or the Certificate that creates it, in the namespace of the gateway workload, not of the Gateway object.',
  },
  check: (model, options) => {
    const uses = model.gateways.all.flatMap(usesOf);
    return [...uses.flatMap((use) => violations(model, options, use)), ...repeated(uses)];
  },
};

/** A server that names a Secret. */
interface Use {
  gateway: MeshGateway;
  server: MeshGatewayServer;
  credential: string;
  path: string;
}

function usesOf(gateway: MeshGateway): Use[] {
  return gateway.servers.flatMap((server) => {
    const single = asName(server.tls?.['credentialName']);
    const several = asStrings(server.tls?.['credentialNames']);
    return [
      ...(single === undefined
        ? []
        : [{ gateway, server, credential: single, path: `${server.path}.tls.credentialName` }]),
      ...several.map((credential, at) => ({
        gateway,
        server,
        credential,
        path: `${server.path}.tls.credentialNames[${at}]`,
      })),
    ].filter(({ credential }) => !credential.includes('://'));
  });
}

function violations(model: MeshModel, options: CheckOptions, { gateway, server, credential, path }: Use): Violation[] {
  const namespaces = [...new Set(knownGatewayWorkloads(model, options, gateway).map(({ namespace }) => namespace))];
  return namespaces.flatMap((namespace) => {
    const secret = model.objects.get('Secret', namespace, credential);
    const fault =
      secret === undefined ? missing(model, options, namespace, credential) : broken(model, options, secret, server);
    if (fault === undefined) return [];
    const message = `Secret ${namespace}/${credential}, which this server needs, ${fault}`;
    return [{ object: gateway.source.object, path, message }];
  });
}

function missing(model: MeshModel, options: CheckOptions, namespace: string, name: string): string | undefined {
  const makers = model.objects.all.filter((object) => makesSecret(object) !== undefined);
  if (makers.some((object) => object.namespace === namespace && makesSecret(object) === name)) return undefined;
  if (isDeclared(options.externals?.secrets, namespace, name)) return undefined;
  const elsewhere = makers.find((object) => makesSecret(object) === name);
  if (elsewhere !== undefined) {
    return `does not exist: ${elsewhere.kind} ${elsewhere.namespace}/${elsewhere.name} has it in namespace ${elsewhere.namespace}, but the pods of the gateway are in ${namespace}; move it there`;
  }
  const isDescribed = options.complete === true || makers.some((object) => object.namespace === namespace);
  return isDescribed ? 'does not exist; create it there, or declare it in externals.secrets' : undefined;
}

function broken(
  model: MeshModel,
  options: CheckOptions,
  secret: MeshObject,
  { tls = {} }: MeshGatewayServer,
): string | undefined {
  const data = secretData(secret.object);
  if (data === undefined) return undefined;
  const { certificate, key, ca } = credentialIn(data);
  if (certificate === undefined || key === undefined) {
    return 'holds no certificate and key: it needs tls.crt and tls.key (or cert and key)';
  }
  const fault = certificateFault(certificate, options.now ?? new Date());
  if (fault !== undefined) return fault;
  const needsCa = tls['mode'] === 'MUTUAL' || tls['mode'] === 'OPTIONAL_MUTUAL';
  const hasCa =
    ca !== undefined || model.objects.get('Secret', secret.namespace, `${secret.name}-cacert`) !== undefined;
  return needsCa && !hasCa
    ? `holds no CA for mode ${String(tls['mode'])}: it needs ca.crt, or a second Secret ${secret.name}-cacert`
    : undefined;
}

/** One certificate in two Gateways of the same pods makes browsers reuse a connection for the wrong one, and get 404. */
function repeated(uses: readonly Use[]): Violation[] {
  const byCredential = new Map<string, Use[]>();
  for (const use of uses) pushTo(byCredential, use.credential, use);
  return uses.flatMap(({ gateway, credential, path }) => {
    const other = byCredential
      .get(credential)
      ?.find((use) => use.gateway !== gateway && selectsPodsOf(gateway, use.gateway));
    if (other === undefined) return [];
    const message = `Gateway ${other.gateway.id} uses the same certificate "${credential}" on the same pods: browsers reuse the connection of one for hosts of the other and get 404. Serve both hosts from one Gateway`;
    return [{ object: gateway.source.object, path, message, level: 'advisory' as const }];
  });
}

function selectsPodsOf({ selector: a }: MeshGateway, { selector: b }: MeshGateway): boolean {
  return a === undefined || b === undefined || hasLabels(a, b) || hasLabels(b, a);
}
