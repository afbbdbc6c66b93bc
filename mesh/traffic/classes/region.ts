import type { Literal } from '../matching/literal';
import type { CompiledRoute } from '../rules/compiled';
import { failing, satisfy, type Alternatives, type Assignment } from '../solve/satisfy';

/** Routes in the order in which they are asked. */
export type Routes = readonly Pick<CompiledRoute, 'when' | 'unless'>[];

/** A request that belongs to a region, 'none' when nothing does, 'open' when that could not be decided. */
export type Member = Assignment | 'none' | 'open';

/**
 * Who gets to the route at `index`: those who meet its conditions and none of the routes before. `index` = number of routes stands for those whom no route takes.
 * Several tables at once give the requests that are in all of these regions.
 */
export function regionMember(
  regions: readonly { routes: Routes; index: number }[],
  given: readonly Literal[] = [],
): Member {
  const required = [...given];
  const alternatives: Alternatives[] = [];
  for (const { routes, index } of regions) {
    const own = routes[index];
    if (own !== undefined) {
      required.push(...own.when);
      alternatives.push(...own.unless.map(failing));
    }
    for (const before of routes.slice(0, index)) {
      // A route is passed when one of its conditions fails, or when one of its exceptions holds.
      alternatives.push([...failing(before.when), ...before.unless]);
    }
  }
  return contradictory(required) ? 'none' : satisfy(required, alternatives);
}

/** A cheap look for what cannot be: one property with two stated values. Finds most pairs of rules that never meet. */
function contradictory(required: readonly Literal[]): boolean {
  const stated = new Map<string, string>();
  for (const { variable, test, negated } of required) {
    if (negated || test.kind !== 'exact' || test.ignoreCase) continue;
    const other = stated.get(variable);
    if (other !== undefined && other !== test.value) return true;
    stated.set(variable, test.value);
  }
  return false;
}
