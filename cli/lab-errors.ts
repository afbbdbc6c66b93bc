import { LabError } from '../cluster/lab';
import { UserError } from './errors';

/** What the lab complains about is for the user to put right, so it is shown without a stack trace. */
export async function asUserError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof LabError) throw new UserError(error.message);
    throw error;
  }
}
