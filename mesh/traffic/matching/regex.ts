import { RE2JS } from 're2js';

const compiled = new Map<string, RE2JS | undefined>();

/** Whether a RE2 regex matches the whole of `value`, as Envoy's safe_regex does. A regex that RE2 refuses matches nothing. */
export function matchesRegex(regex: string, value: string): boolean {
  return compile(regex)?.matches(value) ?? false;
}

/** Replaces every match; `\1` in `substitution` is the first group (Envoy's regex_rewrite). */
export function replaceRegex(regex: string, value: string, substitution: string): string {
  const pattern = compile(regex);
  if (pattern === undefined) return value;
  const replacement = substitution.replace(/\$/g, '\\$').replace(/\\(\d)/g, '$$$1');
  return pattern.matcher(value).replaceAll(replacement);
}

function compile(regex: string): RE2JS | undefined {
  if (!compiled.has(regex)) {
    try {
      compiled.set(regex, RE2JS.compile(regex));
    } catch {
      compiled.set(regex, undefined);
    }
  }
  return compiled.get(regex);
}
