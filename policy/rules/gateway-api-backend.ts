import { asName, asNumber, indexedMaps, type JsonMap } from '../../mesh/json';
import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { hostState } from '../model/known';
import { isOnMesh } from '../model/routes';
import { examples, type Rule, type Violation } from '../rule';

const group = 'gateway.networking.k8s.io';
const kinds = ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'];

/** A backend counts as missing where the objects describe its namespace, as for host-exists. */
export const gatewayApiBackend: Rule = {
  id: 'gateway-api-backend',
  level: 'mandatory',
  title: 'the backends of a Gateway API route exist, and no VirtualService routes the same Service',
  kiali: ['KIA1402'],
  single: false,
  docs: {
    why: 'Requests to a backend that does not exist get 500. A Service with both a VirtualService and a route of the Gateway API is routed by one of them, and which one is not defined.',
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
  check: (model) =>
    kinds.flatMap((kind) =>
      model.objects
        .ofGroupKind(group, kind)
        .flatMap((route) => [...backends(model, route), ...alsoRouted(model, route)]),
    ),
};

function backends(model: MeshModel, { object, spec, namespace }: MeshObject): Violation[] {
  return indexedMaps(spec['rules']).flatMap(({ at, item }) =>
    indexedMaps(item['backendRefs']).flatMap(({ at: index, item: reference }): Violation[] => {
      const host = serviceHost(model, reference, namespace);
      if (host === undefined) return [];
      const path = `spec.rules[${at}].backendRefs[${index}]`;
      const state = hostState(model, host, namespace);
      if (state.is === 'missing' && state.sure) {
        const message = `there is no Service for backend "${asName(reference['name']) ?? ''}" (${host}), so its requests get 500; ${state.hint}`;
        return [{ object, path: `${path}.name`, message }];
      }
      const port = asNumber(reference['port']);
      if (state.is !== 'known' || port === undefined || state.service.ports.length === 0) return [];
      const numbers = state.service.ports.map(({ number }) => number);
      if (numbers.includes(port)) return [];
      const message = `Service ${host} has no port ${port}, so requests to this backend get 500; its ports are ${numbers.join(', ')}`;
      return [{ object, path: `${path}.port`, message }];
    }),
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
