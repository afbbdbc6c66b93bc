/** The one Kubernetes client: connections with the credentials of any kubeconfig, objects of any kind, port-forwards. */
export { Connection, type Request, type Response } from './connection';
export { ApiError, ClusterError, type ClusterProblem } from './errors';
export type { KubeconfigOptions } from './kubeconfig';
export {
  groupKind,
  KubernetesApi,
  type ApplyOptions,
  type Kind,
  type Kinds,
  type ListOptions,
  type LiveObject,
} from './kubernetes-api';
export { forwardPort, type ForwardedPort } from './port-forward';
