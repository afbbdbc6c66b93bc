import type { MeshModel, MeshService, MeshWorkload } from '../../mesh/model/mesh-model';
import type { ChangeRule, Violation } from '../rule';
import { type Usage, usages, writtenRoutes } from '../model/routes';
import { hostRules } from '../model/host-rules';
import { subsetWorkloads } from '../model/workloads';

/**
 * A version is gone when no workload with pods carries its labels any more; a workload that takes its place under another name is not a removal. A service that goes as a whole, with every route to it, is
 * taken down on purpose and not judged.
 */
export const versionRemovalInUse: ChangeRule = {
  id: 'version-removal-in-use',
  level: 'mandatory',
  title: 'a version is removed only after an earlier update has moved its traffic',
  docs: {
    why: 'Proxies learn of a new route one after the other, and connections last. If the pods go in the same update that takes their traffic away, requests that are still under way fail.',
    bad: `
# deployed: Deployments reviews-v1 and reviews-v2, weights 90 and 10
apiVersion: v1
kind: Service
metadata: { name: reviews, namespace: bookinfo }
spec: { selector: { app: reviews }, ports: [{ name: http, port: 9080 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: reviews-v1, namespace: bookinfo }
spec:
  selector: { matchLabels: { app: reviews, version: v1 } }
  template: { metadata: { labels: { app: reviews, version: v1 } } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http: [{ route: [{ destination: { host: reviews, subset: v1 } }] }]
`,
    good: `
# deployed: Deployments reviews-v1 and reviews-v2, weights 90 and 10; reviews-v2 goes in the next update
apiVersion: apps/v1
kind: Deployment
metadata: { name: reviews-v2, namespace: bookinfo }
spec:
  selector: { matchLabels: { app: reviews, version: v2 } }
  template: { metadata: { labels: { app: reviews, version: v2 } } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http: [{ route: [{ destination: { host: reviews, subset: v1 } }] }]
`,
    fix: 'Shift the traffic in one update, and remove or scale down the version in the next.',
  },
  check: (before, after) => usages(before).flatMap((usage) => violations(before, after, usage)),
};

function violations(before: MeshModel, after: MeshModel, usage: Usage): Violation[] {
  const { host, subset, by } = usage;
  const [service] = before.services.withHost(host);
  if (service === undefined) return [];
  const [stays] = after.services.withHost(host);
  if (stays === undefined) {
    if (!isStillUsed(after, host)) return [];
    const message = `this Service is removed while routes still send requests to ${host} (${by} until now): they fail with 503. Take the routes away first`;
    return [{ object: service.source.object, path: '', message }];
  }
  const old = running(before, service, usage);
  if (old.length === 0 || running(after, stays, usage, before).length > 0) return [];
  const version = subset === undefined ? host : `subset "${subset}" of ${host}`;
  return old.map((workload) => {
    const next = after.workloads.get(workload.namespace, workload.name);
    const loss = next?.replicas === 0 ? 'is scaled to 0' : 'is removed';
    const message = `this is the last workload of ${version}, and it ${loss} while ${by} still sends requests there: until the route changes, they fail with 503. Move the traffic first, and remove the workload in the next update`;
    return {
      object: next?.source.object ?? workload.source.object,
      path: next?.replicas === 0 ? 'spec.replicas' : '',
      message,
    };
  });
}

/**
 * Workloads with pods that get the requests of a usage. Its subset is looked up in `definitions`, because the rule may
 * be gone already.
 */
function running(model: MeshModel, service: MeshService, { host, subset }: Usage, definitions = model): MeshWorkload[] {
  const labels = subset === undefined ? {} : subsetLabels(definitions, host, subset);
  if (labels === undefined) return [];
  return subsetWorkloads(model, service, labels).filter(({ replicas }) => replicas !== 0);
}

function subsetLabels(model: MeshModel, host: string, subset: string): Record<string, string> | undefined {
  return hostRules(model)
    .around(host)
    .flatMap(({ subsets }) => subsets)
    .find(({ name }) => name === subset)?.labels;
}

function isStillUsed(model: MeshModel, host: string): boolean {
  return writtenRoutes(model).some(({ destinations }) => destinations.some((destination) => destination.host === host));
}
