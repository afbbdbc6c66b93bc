/** Who decides about a request: a gateway, the sidecar of the client, or nobody where the client has no sidecar. */
export interface Proxy {
  type: 'gateway' | 'sidecar' | 'none';
  namespace: string;
  /** Labels of the workload. */
  labels: Record<string, string>;
}
