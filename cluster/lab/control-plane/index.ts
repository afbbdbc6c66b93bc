/** The processes of a Kubernetes control plane on 127.0.0.1: their ports, certificates, arguments, start and end. */
export { newClient } from './health';
export type { Client } from './health';
export { CONTEXT } from './kubeconfig';
export { layoutOf } from './layout';
export type { Layout } from './layout';
export { existingPki } from './pki';
export { findRunning, stopRunning } from './running';
export { readPorts } from './settings';
export { startControlPlane } from './start';
