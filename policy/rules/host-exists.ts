import { isWildcard } from '../../mesh/model/hosts';
import type { MeshModel, MeshService } from '../../mesh/model/mesh-model';
import { isVisible } from '../../mesh/model/mesh-config';
import { clientNamespaces } from '../model/clients';
import { hostRules } from '../model/host-rules';
import { hostState } from '../model/known';
import { listenerPorts, type RouteDestination, type WrittenRoute, writtenRoutes } from '../model/routes';
import { type CheckOptions, examples, type Rule, type Violation } from '../rule';

/**
 * A host is missing if it is not in the input, and the input has Services or workloads of its namespace, or is declared
 * complete. Otherwise nothing is reported. A host outside the cluster that no ServiceEntry names is advisory, since another stack may bring
 * the ServiceEntry.
 */
export const hostExists: Rule = {
  id: 'host-exists',
  level: 'mandatory',
  title:
    'every host that a route or a DestinationRule names is a Service or ServiceEntry, and has the port that the route names',
  istio: ['IST0101', 'IST0112'],
  kiali: ['KIA0202', 'KIA1101'],
  single: false,
  docs: {
    why: 'A proxy has no cluster for a host or port that is not in the service registry, and answers 503 to each request that the route sends there. A DestinationRule for such a host has no effect at all.',
    ...examples(
      `
apiVersion: v1
kind: Service
metadata: { name: reviews, namespace: bookinfo }
spec: { selector: { app: reviews }, ports: [{ name: http, port: 9080 }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http: [{ route: [{ destination: { host: review } }] }]
`,
      ['host: review', 'host: reviews, port: { number: 9080 }'],
    ),
    fix: 'Name a Service of the namespace by its short name, one of another namespace by its FQDN, and a host outside the cluster by its ServiceEntry. Declare hosts of other stacks in `externals.hosts`.',
  },
  check: (model, options) => [
    ...writtenRoutes(model).flatMap((route) =>
      route.destinations.flatMap((destination) => destinationViolations(model, options, route, destination)),
    ),
    ...ruleViolations(model),
  ],
};

function destinationViolations(
  model: MeshModel,
  options: CheckOptions,
  route: WrittenRoute,
  destination: RouteDestination,
): Violation[] {
  const { writtenHost, host, destinationPath } = destination;
  if (writtenHost === '') return [];
  const object = route.source.object;
  const path = `${destinationPath}.host`;
  const state = hostState(model, writtenHost, route.source.namespace);
  switch (state.is) {
    case 'undetermined':
      return [];
    case 'missing': {
      const message = `there is no Service or ServiceEntry for host "${writtenHost}" (${host}), so requests for it fail with 503; ${state.hint}`;
      return [{ object, path, message, ...(state.sure ? {} : { level: 'advisory' as const }) }];
    }
    case 'hidden':
    case 'known': {
      const { service } = state;
      const blind = clientNamespaces(model, options, route).find(
        (view) => !view.some((client) => isVisible(service.seenBy, client)),
      );
      if (blind !== undefined) {
        const { kind, namespace, name } = service.source;
        const message = `host "${writtenHost}" is ${kind} ${namespace}/${name}, whose exportTo hides it from clients in namespace ${blind.join(' or ')}: they get 503. Export it to that namespace`;
        return [{ object, path, message }];
      }
      if (isWildcard(service.hostname) && service.hostname !== host && service.resolution !== 'DynamicDNS') {
        const { namespace, name } = service.source;
        const message = `host "${writtenHost}" lies under ${service.hostname} of ServiceEntry ${namespace}/${name}, which makes one cluster for the wildcard and none for this name, so requests for it fail with 503; add a ServiceEntry for ${host}`;
        return [{ object, path, message }];
      }
      return portViolations(model, route, destination, service);
    }
  }
}

function portViolations(
  model: MeshModel,
  route: WrittenRoute,
  { writtenHost, port, destinationPath }: RouteDestination,
  { ports }: MeshService,
): Violation[] {
  if (ports.length === 0) return [];
  const numbers = ports.map(({ number }) => number);
  const list = numbers.join(', ');
  const object = route.source.object;
  if (port !== undefined) {
    if (numbers.includes(port)) return [];
    const message = `host "${writtenHost}" has no port ${port}, so requests for it fail with 503; its ports are ${list}`;
    return [{ object, path: `${destinationPath}.port.number`, message }];
  }
  if (ports.length === 1) return [];
  const listeners = listenerPorts(model, route);
  const strange = listeners?.find((listener) => !numbers.includes(listener));
  if (listeners !== undefined && strange === undefined) return [];
  const message =
    strange === undefined
      ? `host "${writtenHost}" has several ports (${list}) and the destination states none, so the request's own port is taken; state port.number`
      : `host "${writtenHost}" has several ports (${list}) and the destination states none, so requests to port ${strange} go to its port ${strange}, which it does not have; state port.number`;
  return [
    {
      object,
      path: `${destinationPath}.port`,
      message,
      ...(strange === undefined ? { level: 'advisory' as const } : {}),
    },
  ];
}

function ruleViolations(model: MeshModel): Violation[] {
  return hostRules(model).all.flatMap(({ source, host }): Violation[] => {
    const written = source.spec['host'];
    if (typeof written !== 'string' || written === '' || isWildcard(host)) return [];
    const state = hostState(model, written, source.namespace);
    if (state.is !== 'missing' || !state.sure) return [];
    const message = `host "${written}" names no Service or ServiceEntry (${host}), so this rule has no effect; ${state.hint}`;
    return [{ object: source.object, path: 'spec.host', message }];
  });
}
