/**
 * A pure function that works once for each object, and is forgotten with it.
 * @param work - must not change what it is given, nor may anybody else afterwards
 */
export function oncePer<Key extends object, Answer>(work: (key: Key) => Answer): (key: Key) => Answer {
  const answers = new WeakMap<Key, { answer: Answer }>();
  return (key) => {
    const known = answers.get(key);
    if (known !== undefined) return known.answer;
    const answer = work(key);
    answers.set(key, { answer });
    return answer;
  };
}
