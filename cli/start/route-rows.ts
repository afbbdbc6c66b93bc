import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { effectiveSplits } from '../../traffic/splits';

/** One row per class of requests to each service or gateway that rules touch: `namespace/service`, who, where they go with what share. */
export function routeRows(objects: KubernetesObject[]): string[][] {
  return Object.entries(effectiveSplits({ objects })).flatMap(([asked, splits]) =>
    splits.map(({ who, to, with: treatment = [] }) => {
      const shares = Object.entries(to).map(([place, share]) => (share === '100 %' ? place : `${place} ${share}`));
      return [asked, who, [shares.join(', '), ...treatment].join('; ')];
    }),
  );
}
