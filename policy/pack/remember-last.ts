import { isDeepStrictEqual } from 'node:util';

/**
 * A pure function that remembers its last answer: both policies over a stack ask the same, one after the other, and each answer costs as much as the preview of many resources.
 * @param work - must not change what it is given, nor may anybody else afterwards
 */
export function rememberLast<Question extends readonly unknown[], Answer>(
  work: (...question: Question) => Answer,
): (...question: Question) => Answer {
  let last: { question: Question; answer: Answer } | undefined;
  return (...question) => {
    if (last === undefined || !isDeepStrictEqual(last.question, question))
      last = { question, answer: work(...question) };
    return last.answer;
  };
}
