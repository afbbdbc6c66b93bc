/** Sizes from the command line, or else the bench's default sizes. */
export function sizesOr(usual: readonly number[]): readonly number[] {
  const given = process.argv
    .slice(2)
    .map(Number)
    .filter((size) => size > 0);
  return given.length > 0 ? given : usual;
}
