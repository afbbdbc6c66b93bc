import { asName, indexedMaps, isMap } from '../../mesh/json';
import type { MeshModel, MeshVirtualService, SourcedRoute } from '../../mesh/model/mesh-model';
import { covers } from '../model/coverage';
import { isOnMesh } from '../model/routes';
import { isHttp } from '../../mesh/model/protocol';
import type { Rule, Violation } from '../rule';

/** For hosts of the mesh only: at a gateway a rule for everything would publish every path. */
export const defaultRoute: Rule = {
  id: 'default-route',
  level: 'advisory',
  title: 'the last rule of a host in the mesh takes every request',
  single: false,
  docs: {
    why: 'Once a host has a VirtualService, a request that none of its rules matches gets 404, although the Service would have taken it.',
    bad: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - match: [{ headers: { end-user: { exact: jason } } }]
      route: [{ destination: { host: reviews, subset: v2 } }]
`,
    good: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - match: [{ headers: { end-user: { exact: jason } } }]
      route: [{ destination: { host: reviews, subset: v2 } }]
    - route: [{ destination: { host: reviews, subset: v1 } }]
`,
    fix: 'Add a last rule without a match.',
  },
  check: (model) =>
    model.virtualServices.all
      .filter((virtualService) => isOnMesh(virtualService) && hasAllDelegates(model, virtualService))
      .flatMap((virtualService) => violations(model, virtualService)),
};

/** A delegate outside the input may have the rule for everything. */
function hasAllDelegates(model: MeshModel, { source, namespace }: MeshVirtualService): boolean {
  return indexedMaps(source.spec['http']).every(({ item }) => {
    if (!isMap(item['delegate'])) return true;
    const { name, namespace: place } = item['delegate'];
    return model.objects.get('VirtualService', asName(place) ?? namespace, asName(name) ?? '') !== undefined;
  });
}

function violations(model: MeshModel, virtualService: MeshVirtualService): Violation[] {
  const { http, source, hosts } = virtualService;
  const takesPort = (port: number | undefined): boolean => http.some((route) => takesAll(virtualService, route, port));
  if (http.length === 0 || httpPorts(model, virtualService).every(takesPort)) return [];
  const message = `a request to ${hosts.join(', ')} that none of the ${http.length} http ${http.length === 1 ? 'rules matches' : 'rules match'} gets 404; add a last rule without a match`;
  return [{ object: source.object, path: 'spec.http', message }];
}

/** The ports at which requests for the hosts arrive; undefined stands for all, when a service is not among the objects. */
function httpPorts(model: MeshModel, { hosts, namespace }: MeshVirtualService): (number | undefined)[] {
  const ports = hosts.flatMap((host): (number | undefined)[] => {
    const service = model.services.covering(host, namespace) ?? model.services.withHost(host)[0];
    if (service === undefined) return [undefined];
    return service.ports
      .filter(({ protocol }) => isHttp(protocol) || protocol === 'Unsupported')
      .map(({ number }) => number);
  });
  return ports.length === 0 ? [undefined] : [...new Set(ports)];
}

function takesAll(
  { gateways }: MeshVirtualService,
  { route, namespace }: SourcedRoute,
  port: number | undefined,
): boolean {
  const matches = indexedMaps(route['match']).map(({ item }) => item);
  const all = { match: port === undefined ? {} : { port }, gateways: ['mesh'], namespace };
  return matches.length === 0 || matches.some((match) => covers('http', { match, gateways, namespace }, all));
}
