import { defaultGatewayPorts, gatewayLabel, gatewayNamespace } from '../manifests/gateway-workload';
import { objectKey, type KubernetesObject } from '../manifests/kubernetes';
import { renderMesh } from '../manifests/mesh';
import type { GatewaySettings, StackSettings } from '../manifests/settings';
import type { MeshOptions } from '../model/mesh-model';

/** What the routing model is given: objects, and what no object says. */
export interface TrafficInput {
  objects: KubernetesObject[];
  options: MeshOptions;
}

/**
 * A stack as the routing model reads it: its objects, and the workloads that its gateway releases will make, since charts are not rendered.
 * @param known - what exists outside the stack, and whether the stack is all there is
 */
export function stackTraffic(
  settings: StackSettings,
  { externals, complete }: Pick<MeshOptions, 'externals' | 'complete'> = {},
): TrafficInput {
  const { existingNamespaces, objects } = renderMesh(settings);
  const { istio, gateways = {} } = settings;
  const made = [...existingNamespaces, ...objects].map(({ object }) => object);
  const known = new Set(made.map(objectKey));
  // The workload of a gateway that is not installed may be among the objects.
  const workloads = Object.entries(gateways)
    .flatMap(([name, gateway]) => gatewayWorkload(name, gateway))
    .filter((object) => !known.has(objectKey(object)));
  return {
    objects: [...made, ...workloads],
    options: {
      ...(istio?.namespace === undefined ? {} : { rootNamespace: istio.namespace }),
      ...(istio?.meshConfig === undefined ? {} : { meshConfig: istio.meshConfig }),
      ...(externals === undefined ? {} : { externals }),
      ...(complete === undefined ? {} : { complete }),
    },
  };
}

/** The Deployment and Service of Istio's gateway chart, as far as routing looks at them. A workload that was there before is known by its labels alone. */
function gatewayWorkload(name: string, settings: GatewaySettings): KubernetesObject[] {
  const namespace = gatewayNamespace(settings);
  const labels = { app: name, istio: gatewayLabel(name), ...settings.labels };
  const metadata = { name, namespace, labels };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { template: { metadata: { labels, annotations: { 'inject.istio.io/templates': 'gateway' } } } },
  };
  if (settings.install === false) return [deployment];
  const { ports: listed = defaultGatewayPorts, nodePorts = {} } = settings.service ?? {};
  const ports = listed.map(({ name: port, port: number, targetPort }) => ({
    name: port,
    port: number,
    targetPort: targetPort ?? number,
    ...(nodePorts[port] === undefined ? {} : { nodePort: nodePorts[port] }),
  }));
  return [deployment, { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports } }];
}
