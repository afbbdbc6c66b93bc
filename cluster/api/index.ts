/** The one Kubernetes client: connections with the credentials of any kubeconfig, objects of any kind, port-forwards. */
export { Connection } from './connection';
export { ApiError, ClusterError } from './errors';
export { isAppliedBy, movedFields, unstatedFields } from './field-managers';
export { hasKubeconfig, type KubeconfigOptions } from './kubeconfig';
export { groupKind, KubernetesApi, type Kind, type Kinds, type LiveObject, type ManagedFields } from './kubernetes-api';
export { forwardPort } from './port-forward';
