import type { StackSettings } from '../../mesh/manifests/settings';

const servicesPerNamespace = 25;

/**
 * A stack of services with two versions each: three routing objects for a service, and a namespace for 25 of them.
 * @param share - percent for the second version of the first service; all other second versions get 10
 */
export function stackOf(services: number, share: number): StackSettings {
  const names = Array.from({ length: services }, (_, index) => `service-${index}`);
  const spaces = [...new Set(names.map((_, index) => spaceOf(index)))];
  const routes = (space: string): [string, object][] =>
    names.flatMap((service, index) => {
      const weights = { v1: 'rest' as const, v2: index === 0 ? share : 10 };
      return spaceOf(index) === space ? [[service, { versions: ['v1', 'v2'], weights }]] : [];
    });
  return {
    namespaces: Object.fromEntries(spaces.map((name) => [name, { injection: true }])),
    routes: Object.fromEntries(spaces.map((name) => [name, Object.fromEntries(routes(name))])),
  };
}

function spaceOf(index: number): string {
  return `team-${Math.floor(index / servicesPerNamespace)}`;
}
