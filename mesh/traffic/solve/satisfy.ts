import { holds, type Literal } from '../matching/literal';
import { witness } from './witness';

/** Values of the variables that matter; an absent one is undefined. */
export type Assignment = ReadonlyMap<string, string | undefined>;

/** At least one of these conjunctions must hold. */
export type Alternatives = readonly (readonly Literal[])[];

/** Steps after which a question counts as open. */
const stepLimit = 5_000;

/**
 * An assignment under which all `required` literals hold and, of each of `alternatives`, at least one conjunction; 'none' when there is provably none; 'open' when
 * it was not decided. Tries the assignment that suits what is required so far, and where it violates a group of alternatives, requires one of the group and goes on.
 */
export function satisfy(
  required: readonly Literal[],
  alternatives: readonly Alternatives[],
): Assignment | 'none' | 'open' {
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
export function failing(conjunction: readonly Literal[]): Alternatives {
  return conjunction.map((literal) => [{ ...literal, negated: !literal.negated }]);
}
