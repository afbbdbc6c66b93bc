import { valueAt, type Key } from './key-path';
import type { KeyProblem } from './problem';
import { stackFile, type StackFile } from './schema/stack-file';
import { issueProblems, phrase, type IssueProblem } from './schema-issues';

export interface Shape {
  problems: KeyProblem[];
  /** What is left when everything that the problems are about is cut out; well-formed, so that the rules can go on and find theirs. */
  sound: StackFile;
  /** Where something was cut out, or was probably meant to be. */
  cuts: Key[][];
}

/** Compares raw sections with the schema. */
export function shapeOf(sections: unknown): Shape {
  const first = stackFile.safeParse(sections, { error: phrase });
  const issues = first.error?.issues ?? [];
  const found = [...prototypeKeys(sections), ...issues.flatMap((issue) => issueProblems(issue, stackFile, sections))];
  if (first.success && found.length === 0) return { problems: [], sound: first.data, cuts: [] };
  const { sound, cuts } = cutOut(sections, found);
  const meant = found.flatMap((problem) => (problem.meant === undefined ? [] : [problem.meant]));
  return { problems: found.map(({ problem }) => problem), sound, cuts: [...cuts, ...meant] };
}

/** Cuts until the schema is content: what was cut may be required by what is around it, which then goes too. */
function cutOut(sections: unknown, found: IssueProblem[]): Pick<Shape, 'sound' | 'cuts'> {
  const rest = structuredClone(sections);
  const cuts: Key[][] = [];
  for (let next = found; ;) {
    const done = next.map(({ cut }) => removeValue(rest, cut));
    if (done.some((keys) => keys.length === 0)) return { sound: {}, cuts: [[]] };
    cuts.push(...done);
    const again = stackFile.safeParse(rest);
    if (again.success) return { sound: again.data, cuts };
    next = again.error.issues.flatMap((issue) => issueProblems(issue, stackFile, rest));
  }
}

/** The one key that objects of JavaScript do not hold like others, and that the schema library therefore passes over. */
function prototypeKeys(value: unknown, keys: Key[] = []): IssueProblem[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).flatMap((key) => {
    const place = [...keys, Array.isArray(value) ? Number(key) : key];
    if (key === '__proto__') return [{ problem: { keys: place, message: 'cannot be a key' }, cut: place }];
    return prototypeKeys(valueAt(value, [key]), place);
  });
}

/** Removes the value at `keys`, or what holds it where there is no such value or it is an item of a list, whose other items must keep their indices. Returns what was removed. */
export function removeValue(root: unknown, keys: Key[]): Key[] {
  const key = keys.at(-1);
  if (key === undefined) return [];
  const above = keys.slice(0, -1);
  const parent = valueAt(root, above);
  const isMap = typeof parent === 'object' && parent !== null && !Array.isArray(parent);
  if (!isMap || !Object.hasOwn(parent, key)) return removeValue(root, above);
  Reflect.deleteProperty(parent, key);
  return keys;
}
