import { isDeepStrictEqual } from 'node:util';

/**
 * A pure function that works once for each object, and is forgotten with it.
 * @param work - must not change what it is given, nor may anybody else afterwards
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
 * A pure function that remembers its last answer, for what several readers ask one after the other.
 * @param work - must not change what it is given, nor may anybody else afterwards
 * @param isSame - whether two questions are the same. Defaults to a comparison in depth
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
