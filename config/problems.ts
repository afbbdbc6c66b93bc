import { secretValue, type Problem } from './problem';

const longestValue = 80;

/** Problems as text, one block each: where and what the value is, then what is wrong, then what to write instead. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map(formatProblem).join('\n');
}

export function formatProblem({ path, value, message, hint, file, line, column }: Problem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const subject = value === undefined ? path : `${path}: ${compact(value)}`;
  const head = [place, subject].filter((part) => part !== '').join(' ');
  return [head, ...[message, hint].filter((text) => text !== undefined).map((text) => `  ${text}`)]
    .filter((text) => text !== '')
    .join('\n');
}

function compact(value: unknown): string {
  if (value === secretValue) return secretValue;
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length <= longestValue ? text : `${text.slice(0, longestValue - 1)}…`;
}
