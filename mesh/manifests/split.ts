import { defined } from './kubernetes';
import type { RouteSettings, Weights } from './settings';
import { effectiveWeights } from './weights';

export interface SplitDestination {
  destination: { host: string; subset?: string; port?: { number: number } };
  weight?: number;
}

/** Where a service's requests go: one destination per version with its weight, or the bare host when there is no split. */
export function splitDestinations(
  service: string,
  route: RouteSettings,
  weights: Weights | undefined,
): SplitDestination[] {
  const bare = defined({
    host: route.host ?? service,
    port: route.port === undefined ? undefined : { number: route.port },
  });
  if (weights === undefined) return [{ destination: bare }];
  return Object.entries(effectiveWeights(weights) ?? {}).map(([subset, weight]) => ({
    destination: { ...bare, subset },
    weight,
  }));
}
