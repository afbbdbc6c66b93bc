import type { MeshModel } from '../../model/mesh-model';
import { hasLabels } from '../../model/workload-index';
import type { Destination } from '../outcome';
import type { ProxyView } from '../proxy-view';
import { share, type Share } from '../share';

/** Where the requests of a destination end, by name, with their parts. */
export type Places = (destination: Destination) => [string, Share][];

/**
 * The workloads behind a destination, each with the part of its pods, since proxies spread requests evenly over endpoints. A destination without known workloads
 * (or with an unknown number of pods) is one place of its own.
 */
export function placesOf(model: MeshModel, view: ProxyView): Places {
  return ({ host, subset, port }) => {
    const itself: [string, Share][] = [[`${host}|${subset ?? ''}|${port}`, '1']];
    const service = view.service(host);
    if (service === undefined) return itself;
    const rule =
      subset === undefined ? undefined : model.destinationRules.forService(service, view.namespace, view.labels);
    const labels = rule?.subsets.find(({ name }) => name === subset)?.labels ?? {};
    const workloads = model.workloads.behind(service, labels);
    const endpoints = service.endpoints
      .filter((endpoint) => hasLabels(endpoint.labels, labels))
      .map(({ address, weight }) => ({ name: address, pods: weight ?? 1 }));
    const all = [
      ...workloads.map(({ namespace, name, replicas }) => ({ name: `${namespace}/${name}`, pods: replicas ?? NaN })),
      ...endpoints,
    ].filter(({ pods }) => pods !== 0);
    const pods = all.reduce((sum, one) => sum + one.pods, 0);
    if (all.length === 0 || !Number.isInteger(pods)) return itself;
    return all.map((one) => [`${one.name}|${port}`, share(one.pods, pods)]);
  };
}
