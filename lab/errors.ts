/** A failure that its message fully explains to the user; shown without a stack trace. */
export class LabError extends Error {
  override readonly name: string = 'LabError';
}

/** One object that the API server refused, and why. */
export interface ObjectProblem {
  /** As `objectId` prints it, such as `VirtualService bookinfo/reviews`. */
  readonly id: string;
  /** The API server's words. */
  readonly message: string;
}

/** Every object that the API server refused, never only the first. */
export class RefusedError extends LabError {
  override readonly name = 'RefusedError';

  constructor(
    readonly problems: readonly ObjectProblem[],
    what = 'The API server refuses',
  ) {
    const count = `${String(problems.length)} object${problems.length === 1 ? '' : 's'}`;
    super([`${what} ${count}:`, ...problems.map(({ id, message }) => `  ${id}: ${message}`)].join('\n'));
  }
}
