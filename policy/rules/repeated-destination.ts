import { asList, asMap, canonical } from '../../mesh/json';
import { destinationTitle, type WrittenRoute, writtenRoutes } from '../model/routes';
import { examples, type Rule, type Violation } from '../rule';

export const repeatedDestination: Rule = {
  id: 'repeated-destination',
  level: 'mandatory',
  title: 'a route names each destination once',
  kiali: ['KIA1105'],
  single: true,
  docs: {
    why: 'A destination that is listed twice gets the sum of both weights, so neither weight is its real share. Usually one of the two should name another version.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - route:
        - { destination: { host: reviews, subset: v1 }, weight: 90 }
        - { destination: { host: reviews.bookinfo.svc.cluster.local, subset: v1 }, weight: 10 }
`,
      ['host: reviews.bookinfo.svc.cluster.local, subset: v1', 'host: reviews, subset: v2'],
    ),
    fix: 'Name the version that was meant, or add the two weights up in one destination.',
  },
  check: (model) => writtenRoutes(model).flatMap(violations),
};

/** Two destinations that set different headers are two versions of a request. */
function headersOf(rule: WrittenRoute['rule'], path: string): unknown {
  const at = Number(/\[(\d+)\]$/.exec(path)?.[1]);
  return asMap(asList(rule['route'])[at])['headers'];
}

function violations({ source, destinations, rule }: WrittenRoute): Violation[] {
  const first = new Map<string, string>();
  return destinations
    .filter(({ mirror, writtenHost }) => !mirror && writtenHost !== '')
    .flatMap((destination) => {
      const key = canonical([
        destination.host,
        destination.subset,
        destination.port,
        headersOf(rule, destination.path),
      ]);
      const before = first.get(key);
      if (before === undefined) first.set(key, destination.path);
      if (before === undefined) return [];
      const message = `${destinationTitle(destination)} is the same destination as ${before}; name another version, or add up their weights in one`;
      return [{ object: source.object, path: destination.destinationPath, message }];
    });
}
