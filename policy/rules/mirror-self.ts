import { asMap, asNumber } from '../../mesh/json';
import { destinationTitle, type RouteDestination, type WrittenRoute, writtenRoutes } from '../model/routes';
import type { Rule, Violation } from '../rule';

export const mirrorSelf: Rule = {
  id: 'mirror-self',
  level: 'advisory',
  title: 'a mirror goes to a version that does not get the original requests, and states its percentage',
  single: true,
  docs: {
    why: 'A mirror to a version that serves the route doubles its load, and the version processes each request twice. Without a percentage every request is mirrored.',
    bad: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - route: [{ destination: { host: reviews, subset: v1 } }]
      mirror: { host: reviews, subset: v1 }
`,
    good: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - route: [{ destination: { host: reviews, subset: v1 } }]
      mirror: { host: reviews, subset: v2 }
      mirrorPercentage: { value: 10 }
`,
    fix: 'Mirror to a version that gets no requests of the route, and state the percentage.',
  },
  check: (model) => writtenRoutes(model).flatMap((route) => [...sameAsLive(route), ...wholeShare(route)]),
};

function sameAsLive({ destinations, source }: WrittenRoute): Violation[] {
  const live = destinations.filter((destination) => destination.live && !destination.mirror);
  return destinations
    .filter((destination) => destination.mirror && destination.live && destination.writtenHost !== '')
    .flatMap((mirror) => {
      const same = live.find((destination) => includes(mirror, destination));
      if (same === undefined) return [];
      const message = `mirrored requests go to ${destinationTitle(mirror)}, which ${mirror.subset === same.subset ? 'gets' : 'includes pods that get'} the original requests of this route (${same.path}) too; mirror to another version`;
      return [{ object: source.object, path: mirror.destinationPath, message }];
    });
}

/** Whether a mirror reaches the pods of a destination: a host without a subset is all its versions. */
function includes(mirror: RouteDestination, { host, subset, port }: RouteDestination): boolean {
  if (mirror.host !== host || (mirror.port ?? port) !== (port ?? mirror.port)) return false;
  return mirror.subset === undefined || subset === undefined || mirror.subset === subset;
}

function wholeShare({ rule, path, source, destinations }: WrittenRoute): Violation[] {
  return destinations
    .filter(({ mirror, path: own }) => mirror && !states(rule, own, path))
    .map((mirror) => ({
      object: source.object,
      path: mirror.path,
      message: `every request is mirrored to ${destinationTitle(mirror)}, because no percentage is stated; state ${mirror.path === `${path}.mirror` ? 'mirrorPercentage' : 'percentage'}, even if it is 100`,
    }));
}

function states(rule: WrittenRoute['rule'], own: string, path: string): boolean {
  if (own === `${path}.mirror`) {
    return asNumber(asMap(rule['mirrorPercentage'])['value']) !== undefined || rule['mirrorPercent'] !== undefined;
  }
  const at = Number(/\[(\d+)\]$/.exec(own)?.[1]);
  const entry: unknown = Array.isArray(rule['mirrors']) ? rule['mirrors'][at] : undefined;
  return asNumber(asMap(asMap(entry)['percentage'])['value']) !== undefined;
}
