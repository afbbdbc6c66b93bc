import type { NFA } from 'refa';
import type { Literal, Test } from '../matching/literal';

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
export function automatonWitness(
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
