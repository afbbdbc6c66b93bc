/** A failure that its message fully explains to the user; shown without a stack trace. */
export class LabError extends Error {
  override readonly name: string = 'LabError';
}
