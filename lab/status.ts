import { LabError } from './errors';
import type { LabLocation, LabStatus } from './types';

/** What runs and what answers. */
export function labStatus(_options: LabLocation = {}): Promise<LabStatus> {
  return Promise.reject(new LabError('The lab has no status yet.'));
}
