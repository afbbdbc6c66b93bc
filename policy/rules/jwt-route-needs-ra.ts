import { asMap, indexedMaps } from '../../mesh/json';
import type { MeshGateway, MeshModel, MeshVirtualService } from '../../mesh/model/mesh-model';
import { hasLabels } from '../../mesh/model/workload-index';
import { policiesFor, policyAttachment } from '../../mesh/model/policy-attachment';
import { knownGatewayWorkloads } from '../model/clients';
import { type CheckOptions, examples, type Rule, type Violation } from '../rule';

/** https://istio.io/latest/docs/tasks/security/authentication/jwt-route/ */
const claimHeader = /^@request\.auth\.claims[.[]/i;

/**
 * Judged where the Gateway is among the objects. Its pods are those that it selects; where they are not known, a RequestAuthentication counts when its selector fits
 * that of the Gateway.
 */
export const jwtRouteNeedsRa: Rule = {
  id: 'jwt-route-needs-ra',
  level: 'mandatory',
  title: 'a gateway that routes by JWT claims has a RequestAuthentication',
  istio: ['IST0149'],
  single: false,
  docs: {
    why: 'Without a RequestAuthentication on the gateway no token is read, so a match on a claim never holds, and a match on the absence of one always does.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: shop, namespace: shop }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [shop.example.com] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop, namespace: shop }
spec:
  hosts: [shop.example.com]
  gateways: [shop]
  http:
    - match: [{ headers: { "@request.auth.claims.group": { exact: beta } } }]
      route: [{ destination: { host: shop, subset: v2 } }]
`,
      [
        'subset: v2 } }]\n',
        `subset: v2 } }]
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: gateway, namespace: istio-system }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  jwtRules: [{ issuer: "https://login.example.com" }]
`,
      ],
    ),
    fix: "Add a RequestAuthentication for the gateway's pods, in their namespace or the root namespace.",
  },
  check: (model, options) =>
    model.virtualServices.all.flatMap((virtualService) => violations(model, options, virtualService)),
};

function violations(model: MeshModel, options: CheckOptions, virtualService: MeshVirtualService): Violation[] {
  const claims = claimPaths(virtualService);
  if (claims.length === 0) return [];
  const bare = virtualService.gateways
    .flatMap((id) => model.gateways.resolve(id, virtualService.namespace) ?? [])
    .find((gateway) => !hasAuthentication(model, options, gateway));
  if (bare === undefined) return [];
  return claims.map(({ path, header }) => ({
    object: virtualService.source.object,
    path,
    message: `"${header}" is a claim of a JWT, but no RequestAuthentication applies to the pods of gateway ${bare.id}, so no token is read; add one that selects them`,
  }));
}

function claimPaths({ source }: MeshVirtualService): { path: string; header: string }[] {
  return indexedMaps(source.spec['http']).flatMap(({ at, item }) =>
    indexedMaps(item['match']).flatMap(({ at: entry, item: match }) =>
      ['headers', 'withoutHeaders'].flatMap((field) =>
        Object.keys(asMap(match[field]))
          .filter((header) => claimHeader.test(header))
          .map((header) => ({ header, path: `spec.http[${at}].match[${entry}].${field}[${JSON.stringify(header)}]` })),
      ),
    ),
  );
}

/** Whether all pods of a gateway read tokens. */
function hasAuthentication(model: MeshModel, options: CheckOptions, gateway: MeshGateway): boolean {
  const pods = knownGatewayWorkloads(model, options, gateway);
  if (pods.length === 0) {
    const authentications = model.objects.ofKind('RequestAuthentication').map(policyAttachment);
    return authentications.some(
      ({ selector = {}, targets }) => targets.length > 0 || hasLabels(gateway.selector ?? {}, selector),
    );
  }
  return pods.every((pod) => policiesFor(model, 'RequestAuthentication', pod).length > 0);
}
