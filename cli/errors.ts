import { ClusterError } from '../cluster/api';
import { LabError } from '../cluster/lab';

/** Exit codes of every command, as `--help` states them. */
export const exitCodes = { done: 0, findings: 1, usage: 2, cannotTell: 3 } as const;

/** An error that the user can fix: shown on stderr without a stack trace. */
export class UserError extends Error {
  override name = 'UserError';
  readonly exitCode: number = exitCodes.usage;
}

/** The request of the user is refused: by a rule, by the schema of the stack file, or by the cluster. */
export class RefusedError extends UserError {
  override readonly exitCode = exitCodes.findings;
}

/** One message for several problems. */
export function userError(headline: string, problems: string[]): UserError {
  return new UserError([headline, ...problems.map((problem) => `  ${problem.replaceAll('\n', '\n  ')}`)].join('\n'));
}

/** Errors of the lab and of a cluster are for the user to fix, so they are shown without a stack trace. */
export async function asUserError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof LabError || error instanceof ClusterError) throw new UserError(error.message);
    throw error;
  }
}
