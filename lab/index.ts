/** The local Kubernetes control plane: start, stop, look, deploy. */
export { LabError, RefusedError } from './errors';
export type { ObjectProblem } from './errors';
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
export { applyObjects, planObjects, readObjects, removeAll, servedKinds, waitReady } from './apply';
export type { LiveObject } from './api';
export type {
  ApplyOptions,
  FieldChange,
  NamespaceMarks,
  ObjectChange,
  Plan,
  RemoveOptions,
  SetOptions,
  WaitOptions,
} from './apply';
export { labDown } from './down';
export { labStatus } from './status';
export { labUp } from './up';
