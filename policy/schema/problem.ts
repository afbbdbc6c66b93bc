import type { Place } from './place';

/** What is wrong at one place of one object, as the API server and istiod would say it: an error refuses the object, a warning does not. */
export interface SchemaProblem {
  path: string;
  message: string;
  severity: 'error' | 'warning';
}

export function error(place: Place, message: string): SchemaProblem {
  return { path: place.path, message, severity: 'error' };
}

export function warning(place: Place, message: string): SchemaProblem {
  return { path: place.path, message, severity: 'warning' };
}

/** The problem when the condition holds, else none; reads as "complain when …". It is put in words only then: nearly all that is judged is fine. */
export function when(condition: boolean, problem: () => SchemaProblem): SchemaProblem[] {
  return condition ? [problem()] : [];
}

/** Places whose value may be a secret: keys, tokens, passwords and what travels in headers. */
const secretPlaces =
  /(jwks$|key\b|token|secret|password|credential|certificate|\.headers|inline|env\[\d+\]|literal|body)/i;
const longest = 80;

/** A value for a message: short, on one line, and never one that may be a secret. */
export function shown({ path, value }: Place): string {
  if (secretPlaces.test(path)) return 'the value';
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
