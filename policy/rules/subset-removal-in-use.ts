import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { type ChangeRule, examples, type Violation } from '../rule';
import { type Usage, usages } from '../model/routes';
import { hostRules } from '../model/host-rules';

/**
 * Pulumi creates and updates in the order of dependencies, and deletes last. So a subset may be removed with its whole
 * DestinationRule, once no new route uses it. An updated DestinationRule loses its subset at once, perhaps before the
 * route stops using it. Changes that leave the subset defined all the time are allowed.
 */
export const subsetRemovalInUse: ChangeRule = {
  id: 'subset-removal-in-use',
  level: 'mandatory',
  title: 'no update drops a subset that the deployed routes still use',
  docs: {
    why: 'If the DestinationRule loses the subset a moment before the route does, or before all proxies have the new route, the requests in between fail with 503 (istio#6705).',
    ...examples(
      `
# deployed: subsets v1 and v2, and a VirtualService that sends requests to both
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: bookinfo }
spec:
  host: reviews
  subsets: [{ name: v2, labels: { version: v2 } }]
`,
      ['requests to both', 'all requests to v2'],
    ),
    fix: 'Shift first and drop the subset in the next update, or give each version its own DestinationRule, which is deleted last.',
  },
  check: (before, after) => usages(before).flatMap((usage) => violations(before, after, usage)),
};

function violations(before: MeshModel, after: MeshModel, { host, subset, by }: Usage): Violation[] {
  if (subset === undefined) return [];
  const defining = definers(before, host, subset);
  const updated = defining.flatMap((old) => after.objects.get('DestinationRule', old.namespace, old.name) ?? []);
  const keeping = definers(after, host, subset);
  const staysDefined = updated.length < defining.length || updated.some((rule) => keeping.includes(rule));
  if (defining.length === 0 || staysDefined) return [];
  const message = `subset "${subset}" of ${host} is dropped, although ${by} sent requests to it until now: they fail with 503 until every proxy knows the new route. Shift its traffic first, and drop it in the next update`;
  return updated.map(({ object }) => ({ object, path: 'spec.subsets', message }));
}

/** DestinationRules that define a subset of a host. */
function definers(model: MeshModel, host: string, subset: string): MeshObject[] {
  return hostRules(model)
    .around(host)
    .filter(({ subsets }) => subsets.some(({ name }) => name === subset))
    .map(({ source }) => source);
}
