import { LabError } from '../cluster/lab';

/** Exit codes of every command, as `--help` states them. */
export const exitCodes = { done: 0, findings: 1, usage: 2, cannotTell: 3 } as const;

/** Something that the user can put right: shown as it is on stderr, without a stack trace, exit 2. */
export class UserError extends Error {
  override name = 'UserError';
}

/** One message out of several problems; all of them are told at once. */
export function userError(headline: string, problems: string[]): UserError {
  return new UserError([headline, ...problems.map((problem) => `  ${problem.replaceAll('\n', '\n  ')}`)].join('\n'));
}

/** What the lab complains about is for the user to put right, so it is shown without a stack trace. */
export async function asUserError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof LabError) throw new UserError(error.message);
    throw error;
  }
}
