import type { Literal } from '../matching/literal';

/** Conditions in words: `path starts with /static, header end-user is jason`; `everybody` without any. */
export function conditionWords(literals: readonly Literal[]): string {
  const words = [...new Set(literals.map(literalWords))];
  return words.length === 0 ? 'everybody' : words.join(', ');
}

function literalWords({ variable, test, negated }: Literal): string {
  const name = variable.replace(/^header :/, '');
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
