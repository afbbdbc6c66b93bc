/** Who decides about a request: a gateway, the sidecar of the client, or nobody where the client has no sidecar. */
export interface Proxy {
  type: 'gateway' | 'sidecar' | 'none';
  namespace: string;
  /** Labels of the workload. */
  labels: Record<string, string>;
  /** Undefined where it is not known. */
  serviceAccount?: string;
  /** What decides about its requests and is not followed: a Gateway of the Gateway API, an Ingress, ambient mode. */
  unfollowed?: string[];
}
