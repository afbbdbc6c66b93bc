import { asMap, asName, asNumber, indexedMaps, isMap, type JsonMap } from '../../mesh/json';
import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { hostState } from '../model/known';
import { isOnMesh } from '../model/routes';
import { type CheckOptions, examples, type Rule, type Violation } from '../rule';

const group = 'gateway.networking.k8s.io';
const kinds = ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'];

/** A backend is missing if it is not in the input, and the input has other objects of its namespace, as for host-exists. */
export const gatewayApiBackend: Rule = {
  id: 'gateway-api-backend',
  level: 'mandatory',
  title: 'the backends of a Gateway API route exist, and no VirtualService routes the same Service',
  kiali: ['KIA1402'],
  single: false,
  docs: {
    why: 'Requests to a backend that does not exist get 500. A Service with both a VirtualService and a route of the Gateway API is routed by one of them, but it is not defined by which.',
    ...examples(
      `
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { selector: { app: cart }, ports: [{ name: http, port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec:
  parentRefs: [{ group: "", kind: Service, name: cart, port: 80 }]
  rules: [{ backendRefs: [{ name: cart-v9, port: 80 }] }]
`,
      ['name: cart-v9', 'name: cart'],
    ),
    fix: 'Name a Service that exists, with one of its ports. Route a Service either with VirtualServices or with the Gateway API.',
  },
  check: (model, options) =>
    kinds.flatMap((kind) =>
      model.objects
        .ofGroupKind(group, kind)
        .flatMap((route) => [...backends(model, options, route), ...alsoRouted(model, route)]),
    ),
};

function backends(model: MeshModel, options: CheckOptions, route: MeshObject): Violation[] {
  const { object, namespace } = route;
  return referencesOf(route).flatMap(({ reference, path, isMirror }): Violation[] => {
    const host = serviceHost(model, reference, namespace);
    if (host === undefined) return [];
    const consequence = isMirror ? 'so nothing is mirrored' : 'so its requests are answered 500';
    const name = asName(reference['name']) ?? '';
    const state = hostState(model, host, namespace);
    if (state.is === 'missing' && state.sure) {
      const message = `there is no Service for backend "${name}" (${host}), ${consequence}; ${state.hint}`;
      return [{ object, path: `${path}.name`, message }];
    }
    const owner = asName(reference['namespace']) ?? namespace;
    if (isAtGateway(route) && !isGranted(model, route, owner, name)) {
      const message = `no ReferenceGrant of namespace ${owner} lets a ${route.kind} of namespace ${namespace} send to Service ${name}, ${consequence}; add one`;
      const level = options.complete === true ? 'mandatory' : 'advisory';
      return [{ object, path: `${path}.namespace`, message, level }];
    }
    const port = asNumber(reference['port']);
    if (state.is !== 'known' || port === undefined || state.service.ports.length === 0) return [];
    const numbers = state.service.ports.map(({ number }) => number);
    if (numbers.includes(port)) return [];
    const message = `Service ${host} has no port ${port}, ${isMirror ? consequence : 'so requests to this backend are answered 500'}; its ports are ${numbers.join(', ')}`;
    return [{ object, path: `${path}.port`, message }];
  });
}

/** The backends of a route: those that get its requests, and those that get copies of them. */
function referencesOf({ spec }: MeshObject): { reference: JsonMap; path: string; isMirror: boolean }[] {
  return indexedMaps(spec['rules']).flatMap(({ at, item }) => [
    ...indexedMaps(item['backendRefs']).map(({ at: index, item: reference }) => ({
      reference,
      path: `spec.rules[${at}].backendRefs[${index}]`,
      isMirror: false,
    })),
    ...indexedMaps(item['filters']).flatMap(({ at: index, item: filter }) => {
      const { backendRef } = asMap(filter['requestMirror']);
      const path = `spec.rules[${at}].filters[${index}].requestMirror.backendRef`;
      return isMap(backendRef) ? [{ reference: backendRef, path, isMirror: true }] : [];
    }),
  ]);
}

/** Routes for Services apply in the mesh, where Istio asks for no ReferenceGrant. */
function isAtGateway({ spec }: MeshObject): boolean {
  const parents = indexedMaps(spec['parentRefs']).map(({ item }) => asName(item['kind']) ?? 'Gateway');
  return parents.includes('Gateway');
}

function isGranted(model: MeshModel, { kind, namespace }: MeshObject, owner: string, name: string): boolean {
  if (owner === namespace) return true;
  return model.objects
    .ofGroupKind(group, 'ReferenceGrant')
    .some(
      (grant) =>
        grant.namespace === owner &&
        indexedMaps(grant.spec['from']).some(({ item }) => item['kind'] === kind && item['namespace'] === namespace) &&
        indexedMaps(grant.spec['to']).some(
          ({ item }) => item['kind'] === 'Service' && (asName(item['name']) ?? name) === name,
        ),
    );
}

/** The host of a reference to a Service; undefined for a reference to another kind. */
function serviceHost(model: MeshModel, reference: JsonMap, namespace: string): string | undefined {
  const name = asName(reference['name']);
  if (
    name === undefined ||
    (asName(reference['kind']) ?? 'Service') !== 'Service' ||
    asName(reference['group']) !== undefined
  )
    return undefined;
  return `${name}.${asName(reference['namespace']) ?? namespace}.svc.${model.config.domain}`;
}

function alsoRouted(model: MeshModel, { object, kind, spec, namespace }: MeshObject): Violation[] {
  return indexedMaps(spec['parentRefs']).flatMap(({ at, item }): Violation[] => {
    const host = asName(item['kind']) === 'Service' ? serviceHost(model, item, namespace) : undefined;
    const other =
      host === undefined
        ? undefined
        : model.virtualServices.all.find(
            (virtualService) => isOnMesh(virtualService) && virtualService.hosts.includes(host),
          );
    if (host === undefined || other === undefined) return [];
    const message = `VirtualService ${other.namespace}/${other.name} routes ${host} too, and which of the two is used is not defined; keep the ${kind} or the VirtualService`;
    return [{ object, path: `spec.parentRefs[${at}]`, message, level: 'advisory' }];
  });
}
