/** Talk and progress: one line on stderr, so that stdout stays the result. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
