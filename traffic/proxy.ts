/** The proxy that decides about a request: a gateway, or the sidecar of the client. */
export interface Proxy {
  type: 'gateway' | 'sidecar';
  namespace: string;
  /** Labels of the workload. */
  labels: Record<string, string>;
}
