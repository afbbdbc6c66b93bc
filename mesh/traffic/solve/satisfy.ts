import { holds, type Literal } from '../conditions';
import { witness } from './witness';
import type { CompiledRoute } from '../rules/routes';

/** Values of the relevant variables; undefined for an absent one. */
export type Assignment = ReadonlyMap<string, string | undefined>;

/** At least one of these conjunctions must hold. */
export type Alternatives = readonly (readonly Literal[])[];

/** Number of steps after which the result is 'open'. */
const stepLimit = 5_000;

/**
 * An assignment under which all `required` literals hold and at least one conjunction of each of the `alternatives`;
 * 'none' if there is provably none; 'open' if undecided. Starts with an assignment for the required literals. If it
 * violates a group of alternatives, requires one of the group and tries again.
 */
function satisfy(required: readonly Literal[], alternatives: readonly Alternatives[]): Assignment | 'none' | 'open' {
  const search: Search = { alternatives, steps: 0 };
  return extend(byVariable(required), search);
}

interface Search {
  alternatives: readonly Alternatives[];
  steps: number;
}

type Literals = ReadonlyMap<string, readonly Literal[]>;

function extend(literals: Literals, search: Search): Assignment | 'none' | 'open' {
  search.steps++;
  if (search.steps > stepLimit) return 'open';
  const assignment = new Map<string, string | undefined>();
  let open = false;
  for (const [variable, own] of literals) {
    const found = witness(variable, own);
    if (found === 'none') return 'none';
    if (found === 'open') open = true;
    else assignment.set(variable, found.value);
  }
  if (open) return 'open';
  const value = (variable: string): string | undefined => {
    if (!assignment.has(variable)) {
      const free = witness(variable, []);
      assignment.set(variable, typeof free === 'object' ? free.value : undefined);
    }
    return assignment.get(variable);
  };
  const violated = search.alternatives.find(
    (group) => !group.some((conjunction) => conjunction.every((literal) => holds(literal, value))),
  );
  if (violated === undefined) return assignment;
  for (const conjunction of violated) {
    const result = extend(withAll(literals, conjunction), search);
    if (typeof result === 'object') return result;
    if (result === 'open') open = true;
  }
  return open ? 'open' : 'none';
}

function byVariable(literals: readonly Literal[]): Literals {
  return withAll(new Map(), literals);
}

function withAll(literals: Literals, added: readonly Literal[]): Literals {
  const all = new Map(literals);
  for (const literal of added) all.set(literal.variable, [...(all.get(literal.variable) ?? []), literal]);
  return all;
}

/** The ways in which a conjunction can fail. */
function failing(conjunction: readonly Literal[]): Alternatives {
  return conjunction.map((literal) => [{ ...literal, negated: !literal.negated }]);
}

/** Routes in their order. */
export type ConditionedRoutes = readonly Pick<CompiledRoute, 'when' | 'unless'>[];

/** A request in a region; 'none' if there is none, 'open' if undecided. */
export type Member = Assignment | 'none' | 'open';

/**
 * The requests that get to the route at `index`: they match it and none of the routes before. If `index` is the number
 * of routes, these are the requests that no route takes. With several regions, the request is in all of them.
 */
export function regionMember(
  regions: readonly { routes: ConditionedRoutes; index: number }[],
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
      // A request passes a route if one of its conditions fails, or if one of its exceptions holds.
      alternatives.push([...failing(before.when), ...before.unless]);
    }
  }
  return contradictory(required) ? 'none' : satisfy(required, alternatives);
}

/**
 * A cheap test for a contradiction: one property with two exact values. It finds most pairs of rules that exclude each
 * other.
 */
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
