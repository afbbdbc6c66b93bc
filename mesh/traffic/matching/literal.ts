import { matchesRegex } from './regex';

/** What is asked of one text. */
export type Test =
  | { kind: 'present' }
  | { kind: 'exact' | 'prefix' | 'suffix'; value: string; ignoreCase: boolean }
  /** `said` puts into words what the regex stands for. */
  | { kind: 'regex'; value: string; said?: string };

/**
 * One condition on one property of a request or its client. Variables: `path`, `header <name>` (with `:method`, `:authority`, `:scheme`), `query <name>`,
 * `claim <name>`, `token` (`valid` or `invalid`), `request principal`, `sni`, `destination address`, and of the client `source label <name>`, `source namespace`,
 * `source principal`, `source address`, `remote address`.
 */
export interface Literal {
  variable: string;
  test: Test;
  negated: boolean;
  /** An absent property counts as '' before the test; else it fails every test. */
  missingAsEmpty: boolean;
}

/** Values of properties; an absent one is undefined. */
export type Valuation = (variable: string) => string | undefined;

export function holds(literal: Literal, valuation: Valuation): boolean {
  return literalHolds(literal, valuation(literal.variable));
}

export function allHold(literals: readonly Literal[], valuation: Valuation): boolean {
  return literals.every((literal) => holds(literal, valuation));
}

/** Whether a value of the literal's own variable satisfies it. */
export function literalHolds(literal: Literal, value: string | undefined): boolean {
  return testHolds(literal.test, literal.missingAsEmpty ? (value ?? '') : value) !== literal.negated;
}

function testHolds(test: Test, value: string | undefined): boolean {
  if (value === undefined) return false;
  if (test.kind === 'present') return true;
  if (test.kind === 'regex') return matchesRegex(test.value, value);
  const [wanted, given] = test.ignoreCase ? [test.value.toLowerCase(), value.toLowerCase()] : [test.value, value];
  if (test.kind === 'exact') return given === wanted;
  return test.kind === 'prefix' ? given.startsWith(wanted) : given.endsWith(wanted);
}

/** A positive literal. */
export function literal(variable: string, test: Test): Literal {
  return { variable, test, negated: false, missingAsEmpty: false };
}

export function exact(variable: string, value: string): Literal {
  return literal(variable, { kind: 'exact', value, ignoreCase: false });
}
