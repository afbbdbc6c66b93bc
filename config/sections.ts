import { configNamespace } from './key-path';
import { didYouMean } from './did-you-mean';
import { sectionNames } from './schema/stack-file';

const prefix = `${configNamespace}:`;

/** A key of `config:` that is none. */
export interface KeyOfConfigProblem {
  key: string;
  message: string;
  hint?: string;
}

/** The values below `meshwright:…`, by section; keys of other namespaces are other people's. */
export function sectionsOf(config: Record<string, unknown>): Record<string, unknown> {
  const own = Object.entries(config).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), sectionValue(value)]));
}

/** Keys without a namespace, which Pulumi refuses. */
export function keysWithoutNamespace(config: Record<string, unknown>): KeyOfConfigProblem[] {
  return Object.keys(config)
    .filter((key) => !key.includes(':'))
    .map((key) => {
      const message = `keys of config have a namespace: ${sectionNames.map((name) => prefix + name).join(', ')}`;
      const hint = didYouMean(
        prefix + key,
        sectionNames.map((name) => prefix + name),
      );
      return hint === undefined ? { key, message } : { key, message, hint };
    });
}

/** A section given as text is JSON: so `pulumi config set` without --path writes it, and so Pulumi hands every section to a program. */
export function sectionValue(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
