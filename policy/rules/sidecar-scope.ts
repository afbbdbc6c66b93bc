import { asMap, asStringMap, asStrings, indexedMaps } from '../../mesh/json';
import type { MeshModel, MeshObject, MeshVirtualService } from '../../mesh/model/mesh-model';
import { importsVirtualService } from '../../mesh/model/sidecars';
import { hostState } from '../model/known';
import { isOnMesh } from '../model/routes';
import { examples, type Rule, type Violation } from '../rule';

/**
 * istiod adds the destinations of every VirtualService that a Sidecar imports, so only the VirtualService itself can be
 * missing. One that is visible only in this namespace, and that no egress host of its Sidecar imports, has no effect.
 * Hosts are looked up as for host-exists.
 */
export const sidecarScope: Rule = {
  id: 'sidecar-scope',
  level: 'mandatory',
  title: 'a Sidecar imports the routes that its workloads use, and hosts that exist',
  kiali: ['KIA1004', 'KIA1006'],
  single: false,
  docs: {
    why: 'The workloads of a Sidecar know only what its egress hosts import. Other routes have no effect: requests bypass them or are refused. In the root namespace a Sidecar with a selector has no effect on other namespaces.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default, namespace: shop }
spec: { egress: [{ hosts: ["istio-system/*", "shop/cart.shop.svc.cluster.local"] }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: prices, namespace: shop }
spec:
  hosts: [prices.catalog.svc.cluster.local]
  exportTo: ["."]
  http: [{ route: [{ destination: { host: prices.catalog.svc.cluster.local, subset: v2 } }] }]
`,
      ['"shop/cart.shop.svc.cluster.local"', '"./*", "catalog/*"'],
    ),
    fix: 'Add the host to an egress listener, as `namespace/host` or `namespace/*`.',
  },
  check: (model) => [
    ...model.objects
      .ofKind('Sidecar')
      .flatMap((sidecar) => [...rootSelector(model, sidecar), ...unknownHosts(model, sidecar)]),
    ...model.virtualServices.all.flatMap((virtualService) => notBroughtIn(model, virtualService)),
  ],
};

function rootSelector(model: MeshModel, { namespace, spec, object }: MeshObject): Violation[] {
  const labels = asStringMap(asMap(spec['workloadSelector'])['labels']);
  if (namespace !== model.config.rootNamespace || Object.keys(labels).length === 0) return [];
  const message = `a Sidecar of the root namespace ${namespace} is the default of all namespaces only without a selector; remove workloadSelector, or move it to the namespace of the workloads`;
  return [{ object, path: 'spec.workloadSelector', message }];
}

function unknownHosts(model: MeshModel, { namespace, spec, object }: MeshObject): Violation[] {
  return indexedMaps(spec['egress']).flatMap(({ at, item }) =>
    asStrings(item['hosts']).flatMap((written, index): Violation[] => {
      const [owner = '', host = ''] = written.split('/');
      if (host === '' || host.startsWith('*') || owner === '~' || isServed(model, owner, host, namespace)) return [];
      const state = hostState(model, host, owner === '.' || owner === '*' ? namespace : owner);
      if (state.is !== 'missing') return [];
      const message = `host "${written}" is neither a Service nor a ServiceEntry, so it imports nothing; ${state.hint}`;
      return [
        {
          object,
          path: `spec.egress[${at}].hosts[${index}]`,
          message,
          ...(state.sure ? {} : { level: 'advisory' as const }),
        },
      ];
    }),
  );
}

/** Whether some service lies within an egress host. */
function isServed(model: MeshModel, owner: string, host: string, namespace: string): boolean {
  const fqdn = model.resolveHost(host, owner === '.' || owner === '*' ? namespace : owner);
  return model.services.withHost(fqdn).length > 0;
}

function notBroughtIn(model: MeshModel, virtualService: MeshVirtualService): Violation[] {
  const { namespace, hosts, seenBy, source } = virtualService;
  if (!isOnMesh(virtualService) || seenBy === '*' || seenBy === '~' || seenBy.size !== 1 || !seenBy.has(namespace))
    return [];
  const { source: sidecar, listeners } = model.sidecars.scope(namespace, {});
  if (sidecar === undefined || listeners.some((listener) => importsVirtualService(listener, virtualService))) return [];
  const message = `only workloads of namespace ${namespace} see this VirtualService, and no egress host of Sidecar ${sidecar.namespace}/${sidecar.name} imports ${hosts.join(', ')}, so it has no effect; add it to the Sidecar, as ./host`;
  return [{ object: source.object, path: 'spec.hosts', message }];
}
