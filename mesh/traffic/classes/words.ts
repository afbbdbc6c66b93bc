import type { Literal } from '../matching/literal';

/** Conditions in words: `path starts with /static, header end-user is jason`; `everybody` without any. */
export function conditionWords(literals: readonly Literal[]): string {
  const words = conditionList(literals);
  return words.length === 0 ? 'everybody' : words.join(', ');
}

/** Each condition in words, once. */
export function conditionList(literals: readonly Literal[]): string[] {
  return [...new Set(literals.map(literalWords))];
}

function literalWords({ variable, test, negated }: Literal): string {
  const name = variable.replace(/^header :/, '');
  if (test.kind === 'regex' && test.said !== undefined)
    return `${name} ${negated ? test.said.replace(/^is /, 'is not ') : test.said}`;
  if (test.kind === 'present') return negated ? `no ${name}` : `any ${name}`;
  const verbs = {
    exact: ['is', 'is not'],
    prefix: ['starts with', 'does not start with'],
    suffix: ['ends with', 'does not end with'],
    regex: ['matches', 'does not match'],
  } as const;
  const anyCase = test.kind !== 'regex' && test.ignoreCase ? ' (in any case)' : '';
  return `${name} ${verbs[test.kind][negated ? 1 : 0]} ${test.value === '' ? '""' : test.value}${anyCase}`;
}
