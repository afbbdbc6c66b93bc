import { isDeepStrictEqual } from 'node:util';

/**
 * Memoizes a pure function by the identity of its argument. Results are garbage-collected with the arguments.
 * @param work - must not change its argument; callers must not change it afterwards
 */
export function memoizeByIdentity<Key extends object, Answer>(work: (key: Key) => Answer): (key: Key) => Answer {
  const answers = new WeakMap<Key, { answer: Answer }>();
  return (key) => {
    const known = answers.get(key);
    if (known !== undefined) return known.answer;
    const answer = work(key);
    answers.set(key, { answer });
    return answer;
  };
}

/**
 * Memoizes the last result of a pure function, for several callers in a row with the same arguments.
 * @param work - must not change its arguments; callers must not change them afterwards
 * @param isSame - compares two lists of arguments. Defaults to deep equality
 */
export function memoizeLast<Question extends readonly unknown[], Answer>(
  work: (...question: Question) => Answer,
  isSame: (one: Question, other: Question) => boolean = isDeepStrictEqual,
): (...question: Question) => Answer {
  let last: { question: Question; answer: Answer } | undefined;
  return (...question) => {
    if (last === undefined || !isSame(last.question, question)) last = { question, answer: work(...question) };
    return last.answer;
  };
}
