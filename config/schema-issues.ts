import * as z from 'zod';
import { defined } from '../mesh/manifests/kubernetes';
import { valueAt, type Key } from './key-path';
import { nearest } from '../mesh/strings';
import { didYouMean, type KeyProblem, encryptedValue } from './problem';

type Issue = z.core.$ZodIssue;

/** A problem, the keys to remove so that the rest can be checked, and the key that was probably meant. */
export interface IssueProblem {
  problem: KeyProblem;
  cut: Key[];
  meant?: Key[];
}

const kinds: Record<string, string> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** Says what a schema allows, if the schema has no message of its own. */
export function phrase(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') return `must be ${kinds[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value') return `must be ${either(issue.values.map((value) => JSON.stringify(value)))}`;
  if (issue.code === 'invalid_union') return '';
  return undefined;
}

/**
 * Turns one issue of zod into problems.
 * @param schema - the schema that reported the issue
 * @param root - the value that was checked
 * @param above - keys down to `root`
 */
export function issueProblems(issue: Issue, schema: z.ZodType, root: unknown, above: Key[] = []): IssueProblem[] {
  const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
  const keys = [...above, ...path];
  const value = valueAt(root, path);
  const here = schemaAt(schema, path);
  const nested = (inner: Issue, option: z.ZodType | undefined): IssueProblem[] =>
    option === undefined ? [] : issueProblems(inner, option, value, keys);

  if (issue.code === 'unrecognized_keys')
    return issue.keys.filter((key) => key !== '__proto__').map((key) => unknownKey(key, keys, value, here));
  if (issue.code === 'invalid_key') {
    const message = issue.issues[0]?.message ?? issue.message;
    const below = schemaAt(schema, path)?.safeParse(value, { error: phrase });
    return [
      { problem: { keys, message: `the key ${message}` }, cut: keys },
      ...(below?.error?.issues ?? []).flatMap((inner) => nested(inner, here)),
    ];
  }
  if (issue.code === 'invalid_union' && issue.message === '') {
    const meant = issue.errors.flatMap((errors, index) => (isOtherKind(errors) ? [] : [{ errors, index }]));
    const [only] = meant;
    if (only !== undefined && meant.length === 1) {
      const option = here instanceof z.ZodUnion ? (here.options[only.index] as z.ZodType | undefined) : undefined;
      return only.errors.flatMap((inner) => nested(inner, option));
    }
  }
  return [{ problem: valueProblem(issue, keys, value), cut: keys }];
}

function unknownKey(key: string, above: Key[], map: unknown, schema: z.ZodType | undefined): IssueProblem {
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const keys = [...above, key];
  const meant = nearest(key, known);
  const message = `unknown key; the keys here are ${known.join(', ')}`;
  const problem = defined({ keys, message, hint: didYouMean(key, known) });
  return meant === undefined || valueAt(map, [meant]) !== undefined
    ? { problem, cut: keys }
    : { problem, cut: keys, meant: [...above, meant] };
}

function valueProblem(issue: Issue, keys: Key[], value: unknown): KeyProblem {
  const message =
    issue.message === '' && issue.code === 'invalid_union' ? `must be ${either(expectedKinds(issue))}` : issue.message;
  if (value === undefined) return { keys, message: `is missing; it ${message}` };
  return defined({ keys, message, hint: valueHint(issue, value) });
}

function valueHint(issue: Issue, value: unknown): string | undefined {
  const expected = expectedTypes(issue);
  if (value === null) {
    const empty =
      expected.includes('record') || expected.includes('object') ? '{}' : expected.includes('array') ? '[]' : undefined;
    return `the key has no value; ${empty === undefined ? 'give it one' : `write ${empty}`} or remove it`;
  }
  if (typeof value === 'number' || typeof value === 'boolean') {
    return expected.includes('string') ? `put it in quotes: "${value}"` : undefined;
  }
  if (typeof value !== 'string') return undefined;
  if (value === encryptedValue)
    return 'only strings can be encrypted, one value at a time: pulumi config set --secret --path';
  const number = value.trim() !== '' && Number.isFinite(Number(value));
  if (number && (expected.includes('number') || expected.includes('int')))
    return `quotes make it a string: write ${Number(value)}`;
  if (expected.includes('boolean')) {
    if (/^(true|yes|on)$/i.test(value)) return 'write true';
    if (/^(false|no|off)$/i.test(value)) return 'write false';
  }
  return didYouMean(value, allowedStrings(issue));
}

function expectedTypes(issue: Issue): string[] {
  if (issue.code === 'invalid_type') return [issue.expected];
  return issue.code === 'invalid_union' ? issue.errors.flat().flatMap(expectedTypes) : [];
}

function expectedKinds(issue: Issue): string[] {
  return [...new Set(expectedTypes(issue).map((expected) => kinds[expected] ?? expected))];
}

function allowedStrings(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.filter((value) => typeof value === 'string');
  return issue.code === 'invalid_union' ? issue.errors.flat().flatMap(allowedStrings) : [];
}

function isOtherKind(errors: Issue[]): boolean {
  return errors.some(({ code, path }) => code === 'invalid_type' && path.length === 0);
}

/** The schema of the value at `keys`; undefined if there is none. */
function schemaAt(schema: z.ZodType | undefined, keys: Key[]): z.ZodType | undefined {
  const [key, ...rest] = keys;
  if (schema instanceof z.ZodExactOptional) return schemaAt(schema.unwrap() as z.ZodType, keys);
  if (key === undefined) return schema;
  if (schema instanceof z.ZodObject) return schemaAt((schema.shape as Record<Key, z.ZodType>)[key], rest);
  if (schema instanceof z.ZodRecord) return schemaAt(schema.valueType as z.ZodType, rest);
  if (schema instanceof z.ZodArray) return schemaAt(schema.element as z.ZodType, rest);
  return undefined;
}

function either(allowed: string[]): string {
  return allowed.length < 2 ? allowed.join() : `${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1) ?? ''}`;
}
