/** Operating-system processes: which run, start one, stop one. Knows nothing about Kubernetes. */
export { findMarked } from './find';
export type { Mark } from './find';
export { logTail, startDetached } from './start';
export { stopProcess } from './stop';
export { processTable } from './table';
export type { RunningProcess } from './table';
