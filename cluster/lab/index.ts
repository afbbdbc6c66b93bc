/** The local Kubernetes control plane: start, stop, look. */
export { LabError } from './errors';
export { labProcessNames } from './types';
export type {
  Lab,
  LabDownOptions,
  LabLocation,
  LabProcessName,
  LabProcessStatus,
  LabStatus,
  LabUpOptions,
  Log,
} from './types';
export type { LiveObject } from './api';
export { labDown } from './down';
export { labStatus } from './status';
export { labUp } from './up';
