import { literalHolds, type Literal, type Test } from '../matching/literal';
import { automatonWitness } from './automaton';

/** A value that satisfies some conditions on one property; undefined means that the property is absent. */
export interface Witness {
  value: string | undefined;
}

/**
 * A value for a variable that satisfies all literals on it; 'none' if there is provably none, 'open' if undecided.
 * Without regexes it is enough to try a few candidates: each exact value, and each prefix with a suffix, with
 * characters between them that no condition mentions.
 */
export function witness(variable: string, literals: readonly Literal[]): Witness | 'none' | 'open' {
  const suits = (value: string | undefined): boolean => literals.every((literal) => literalHolds(literal, value));
  if (isOptional(variable) && suits(undefined)) return { value: undefined };
  for (const value of texts(variable, literals)) if (suits(value)) return { value };
  if (!literals.some(needsAutomaton)) return 'none';
  const words = automatonWitness(
    literals.filter(({ test }) => test.kind !== 'present'),
    domain(variable),
  );
  if (typeof words === 'string') return absentOnly(literals) ? 'none' : words;
  const word = words.find(suits);
  return word === undefined ? (absentOnly(literals) ? 'none' : 'open') : { value: word };
}

/** Whether a request can lack the property. */
function isOptional(variable: string): boolean {
  return /^(header (?!:)|query |claim |source label |(sni|destination address|token|request principal)$)/.test(
    variable,
  );
}

/** The possible values of a property: paths and headers have no control characters. */
function domain(variable: string): Extract<Test, { kind: 'regex' }> {
  return { kind: 'regex', value: variable === 'path' ? '/[!-~]*' : '[^\\x00-\\x1f\\x7f]*' };
}

/** Whether a negated `present` allows only absence. */
function absentOnly(literals: readonly Literal[]): boolean {
  return literals.some(({ test, negated }) => test.kind === 'present' && negated);
}

function needsAutomaton({ test, negated }: Literal): boolean {
  return test.kind === 'regex' || (test.kind === 'exact' && test.ignoreCase && !negated);
}

const usual: Record<string, string[]> = {
  path: ['/'],
  'header :method': ['GET', 'POST'],
  'header :scheme': ['http', 'https'],
  'header :authority': ['example.com'],
};

/** Strings to try, the likely ones first. */
function* texts(variable: string, literals: readonly Literal[]): Generator<string> {
  const stated = (kind: 'exact' | 'prefix' | 'suffix'): string[] =>
    literals.flatMap(({ test, negated }) => (test.kind === kind && !negated ? [test.value] : []));
  const exact = stated('exact');
  for (const value of exact) yield* [value, value.toLowerCase(), value.toUpperCase()];
  const [starts, ends] = [stated('prefix'), stated('suffix')];
  if (starts.length + ends.length === 0) yield* usual[variable] ?? [];
  const start = longest(starts) || (variable === 'path' ? '/' : '');
  const end = longest(ends);
  for (const middle of ['', '/', 'x', '/x']) yield `${start}${middle}${end}`;
  yield `${start}${unmentioned(literals)}${end}`;
}

function longest(values: readonly string[]): string {
  return values.reduce((best, value) => (value.length > best.length ? value : best), '');
}

/** A string with a character that occurs in no condition, so that no exact value or prefix matches it. */
function unmentioned(literals: readonly Literal[]): string {
  const used = literals.map(({ test }) => (test.kind === 'present' ? '' : test.value.toLowerCase())).join('');
  const free = 'x,y,z,w,v,q,u,j,k,b,p,g,f,m,d,h,c,l,r,t,n,s,i,o,a,e,0,1,2,3,4,5,6,7,8,9,~'
    .split(',')
    .find((letter) => !used.includes(letter));
  return free === undefined ? '\u00e9\u00e9' : `${free}${free}`;
}
