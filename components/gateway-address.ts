import { gatewayNamespace } from '../mesh/manifests/gateway-workload';
import type { GatewaySettings } from '../mesh/manifests/settings';

/** Where to reach a gateway from outside the cluster, as far as its settings tell; else the command that does. */
export function gatewayAddress(gateway: string, settings: GatewaySettings): string {
  const { type = 'LoadBalancer', nodePorts = {} } = settings.service ?? {};
  const service = `--namespace ${gatewayNamespace(settings)}`;
  const nodePort = nodePorts['http2'] ?? nodePorts['http'];
  switch (type) {
    case 'NodePort':
      return nodePort === undefined
        ? `kubectl get service ${gateway} ${service}`
        : `http://<address of any node>:${nodePort}`;
    case 'LoadBalancer':
      return `kubectl get service ${gateway} ${service} --output jsonpath='{.status.loadBalancer.ingress[0]}'`;
    case 'ClusterIP':
      return `kubectl port-forward service/${gateway} ${service} 8080:80`;
  }
}
