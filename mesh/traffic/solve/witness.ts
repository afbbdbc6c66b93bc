import type { NFA } from 'refa';
import { type Literal, literalHolds, type Test } from '../conditions';

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

/** Loaded on first use, since few stacks compare regexes and loading it is a tenth of the program's start. */
const refa = () => require('refa') as typeof import('refa');

/** Largest automaton to build, in nodes. If more are needed, the result is 'open'. */
const limits = { maxNodes: 20_000 };

/** An RE2 regex in JavaScript's syntax; undefined if JavaScript lacks the syntax or reads it differently. */
function javascriptRegex(regex: string): { source: string; flags: string } | undefined {
  const inline = /^\(\?([is]+)\)/.exec(regex);
  const body = regex
    .slice(inline?.[0].length ?? 0)
    .replaceAll('(?P<', '(?<')
    .replace(/^\^/, '')
    .replace(/(^|[^\\])\$$/, '$1');
  const unlike = /\\[AzQECpPa]|\\x\{|\[\[:|\(\?(?![:<])|\(\?<[=!]|(^|[^\\])[\^$](?![^[]*\])/;
  return unlike.test(body.replace(/\[\^/g, '[')) ? undefined : { source: body, flags: inline?.[1] ?? '' };
}

/** All characters that no test mentions are equivalent, so the alphabet can be all of Unicode. */
function language(test: Exclude<Test, { kind: 'present' }>): NFA | undefined {
  const source =
    test.kind === 'regex'
      ? javascriptRegex(test.value)
      : { source: patternOf(test.kind, test.value), flags: test.ignoreCase ? 'is' : 's' };
  if (source === undefined) return undefined;
  const { JS, NFA } = refa();
  try {
    const { expression, maxCharacter } = JS.Parser.fromLiteral(source).parse({ assertions: 'throw' });
    return NFA.fromRegex(
      expression,
      { maxCharacter },
      { assertions: 'throw' },
      new NFA.LimitedNodeFactory(limits.maxNodes),
    );
  } catch {
    return undefined;
  }
}

function patternOf(kind: 'exact' | 'prefix' | 'suffix', value: string): string {
  const literal = value.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return kind === 'exact' ? literal : kind === 'prefix' ? `${literal}.*` : `.*${literal}`;
}

/**
 * Strings that satisfy every literal (all on one variable, none of kind `present`) and `within`; 'none' if there are
 * provably none; 'open' if regexes are too large or have unknown syntax.
 */
function automatonWitness(
  literals: readonly Literal[],
  within: Exclude<Test, { kind: 'present' }>,
): string[] | 'none' | 'open' {
  const tests = literals.flatMap(({ test, negated }) => (test.kind === 'present' ? [] : [{ test, negated }]));
  const { NFA, TooManyNodesError } = refa();
  try {
    let found = language(within);
    for (const { test, negated } of tests) {
      const own = language(test);
      if (own === undefined || found === undefined) return 'open';
      const wanted = negated ? complement(own) : own;
      found = NFA.fromIntersection(found, wanted, new NFA.LimitedNodeFactory(limits.maxNodes));
    }
    if (found === undefined) return 'open';
    if (found.isEmpty) return 'none';
    return sample(found);
  } catch (error) {
    if (error instanceof TooManyNodesError) return 'open';
    throw error;
  }
}

function complement(nfa: NFA): NFA {
  const { DFA, NFA } = refa();
  const dfa = DFA.fromFA(nfa, new DFA.LimitedNodeFactory(limits.maxNodes));
  dfa.complement();
  return NFA.fromFA(dfa, new NFA.LimitedNodeFactory(limits.maxNodes));
}

/** Some accepted strings, the readable ones first. */
function sample(nfa: NFA): string[] {
  const words: string[] = [];
  for (const set of nfa.wordSets()) {
    words.push(String.fromCodePoint(...set.map((characters) => readable(characters.ranges))));
    if (words.length >= 20) break;
  }
  return words;
}

/** A letter from a set of characters, if it has one. */
function readable(ranges: readonly { min: number; max: number }[]): number {
  for (const [low, high] of [
    ['a', 'z'],
    ['0', '9'],
    ['A', 'Z'],
    ['/', '/'],
    ['-', '.'],
    ['!', '~'],
  ] as const) {
    for (const { min, max } of ranges) {
      const first = Math.max(min, low.charCodeAt(0));
      if (first <= Math.min(max, high.charCodeAt(0))) return first;
    }
  }
  return ranges[0]?.min ?? 0x78;
}
