import { LabError } from './errors';
import type { LabDownOptions } from './types';

/** Stops every process of the lab. */
export function labDown(_options: LabDownOptions): Promise<void> {
  return Promise.reject(new LabError('The lab cannot be stopped yet.'));
}
