/** The lab: a Kubernetes cluster on 127.0.0.1, with real istiod and Envoys. */
export { labApi, labDown, labPorts, labStatus, labUp } from './lab';
export { processTable } from './processes/table';
export { LabError, labProcessNames } from './types';
export type { Lab, LabProcessName, LabStatus, Log } from './types';
