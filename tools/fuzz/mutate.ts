import type { Random } from '../../mesh/traffic/explanation';
import { isMap } from '../../mesh/json';

/** Values that often break programs. */
const oddValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  100,
  101,
  65536,
  2147483648,
  1e308,
  0.5,
  '',
  ' ',
  '*',
  '-',
  '.',
  '..',
  '0',
  '010',
  'yes',
  'null',
  'rest',
  '[',
  '(a+)+$',
  '__proto__',
  'constructor',
  '{{ .Values.a }}',
  '${a}',
  'a\nb',
  '\u001b[31m',
  '\u202e',
  'é'.repeat(40),
  'x'.repeat(300),
  [],
  {},
  [null],
  [[]],
  [{}],
  { a: null },
  { '': '' },
  { constructor: 1 },
  { secure: 'v1:a' },
];

/** A copy of a value with some changes: values replaced, removed, repeated, renamed or swapped. */
export function mutated(value: unknown, random: Random, changes = 1 + Math.floor(random() * 3)): unknown {
  let copy: unknown = structuredClone(value);
  for (let change = 0; change < changes; change += 1) copy = changedOnce(copy, random);
  return copy;
}

function changedOnce(root: unknown, random: Random): unknown {
  const places = containers(root).flatMap((holder) => Object.keys(holder).map((key) => ({ holder, key })));
  const place = pick(places, random);
  if (place === undefined) return pick(oddValues, random);
  const holder = place.holder as Record<string, unknown>;
  const { key } = place;
  switch (Math.floor(random() * 6)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else Reflect.deleteProperty(holder, key);
      return root;
    case 1: {
      const other = pick(places, random);
      holder[key] = structuredClone((other?.holder as Record<string, unknown>)[other?.key ?? '']);
      return root;
    }
    case 2:
      if (Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
      else set(holder, `${key}${pick(['x', '.', '/', ' ', ''], random) ?? ''}`, holder[key]);
      return root;
    case 3: {
      const name =
        pick(
          oddValues.filter((odd) => typeof odd === 'string'),
          random,
        ) ?? '';
      if (!Array.isArray(holder)) set(holder, name, holder[key]);
      return root;
    }
    default:
      holder[key] = structuredClone(pick(oddValues, random));
      return root;
  }
}

/** Also for `__proto__`, which an assignment would not make a key. */
function set(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true });
}

function containers(value: unknown): object[] {
  if (!Array.isArray(value) && !isMap(value)) return [];
  return [value, ...Object.values(value).flatMap(containers)];
}

/** A string with some characters removed, repeated, replaced, or cut off. */
export function mutatedText(text: string, random: Random): string {
  const at = Math.floor(random() * text.length);
  const inserted =
    pick(
      [
        '{',
        '}',
        '[',
        ']',
        ':',
        '- ',
        '&a ',
        '*a',
        '<<: ',
        '!!',
        '\t',
        '\n',
        '"',
        "'",
        '#',
        '|',
        '%',
        '@',
        '---\n',
        '\0',
        '{{',
      ],
      random,
    ) ?? '';
  switch (Math.floor(random() * 4)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1 + Math.floor(random() * 20));
    case 1:
      return text.slice(0, at);
    case 2:
      return text.slice(0, at) + text.slice(at, at + 200) + text.slice(at);
    default:
      return text.slice(0, at) + inserted + text.slice(at);
  }
}

export function pick<T>(list: readonly T[], random: Random): T | undefined {
  return list[Math.floor(random() * list.length)];
}
