import type { RouteSettings } from '../../mesh/manifests/settings';
import type { Key } from '../key-path';
import type { StackFile } from '../schema/stack-file';

/** One service's route and where it stands. */
export interface Service {
  namespace: string;
  service: string;
  route: RouteSettings;
  keys: Key[];
}

export function services({ routes = {} }: StackFile): Service[] {
  return Object.entries(routes).flatMap(([namespace, byService]) =>
    Object.entries(byService).map(([service, route]) => ({
      namespace,
      service,
      route,
      keys: ['routes', namespace, service],
    })),
  );
}
