import { isDeepStrictEqual } from 'node:util';

/**
 * A pure function that remembers its last answer, for what several readers ask one after the other.
 * @param work - must not change what it is given, nor may anybody else afterwards
 * @param isSame - whether two questions are the same. Defaults to a comparison in depth
 */
export function rememberLast<Question extends readonly unknown[], Answer>(
  work: (...question: Question) => Answer,
  isSame: (one: Question, other: Question) => boolean = isDeepStrictEqual,
): (...question: Question) => Answer {
  let last: { question: Question; answer: Answer } | undefined;
  return (...question) => {
    if (last === undefined || !isSame(last.question, question)) last = { question, answer: work(...question) };
    return last.answer;
  };
}
