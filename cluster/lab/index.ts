/** The lab: a Kubernetes cluster on 127.0.0.1, with real istiod and Envoys. */
export { labApi, labDown, labPorts, labStatus, labUp } from './lab';
export { acquire as acquireLock, staleMs } from './lock';
export { processTable } from './processes/table';
export { labProcessNames, type LabProcessName } from './binaries/programs';
export { LabError } from './types';
export type { Lab, LabStatus, Log } from './types';
