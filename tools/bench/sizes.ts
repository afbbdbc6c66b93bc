/** Sizes that the command line asks for, in place of those that a bench has by itself. */
export function sizesOr(usual: readonly number[]): readonly number[] {
  const given = process.argv
    .slice(2)
    .map(Number)
    .filter((size) => size > 0);
  return given.length > 0 ? given : usual;
}
