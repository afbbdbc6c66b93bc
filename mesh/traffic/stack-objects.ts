import {
  defaultGatewayPorts,
  gatewayLabel,
  gatewayNamespace,
  gatewayServiceAccount,
} from '../manifests/gateway-workload';
import { objectKey, type KubernetesObject } from '../manifests/kubernetes';
import { renderMesh } from '../manifests/mesh';
import { allRouteObjects } from '../manifests/routes';
import type { GatewaySettings, StackSettings } from '../manifests/settings';
import type { MeshOptions, WeightOwners } from '../model/mesh-model';

/** The input of the routing model: objects, and options for facts that are not in the objects. */
export interface TrafficInput {
  objects: KubernetesObject[];
  options: MeshOptions;
}

/**
 * A stack as input of the routing model: its objects, and the workloads of its gateway releases, since charts are not
 * rendered.
 * @param known - what exists outside the stack, and whether the stack is complete
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
  const weightOwners = weightOwnersOf(settings);
  return {
    objects: [...made, ...workloads],
    options: {
      ...(istio?.namespace === undefined ? {} : { rootNamespace: istio.namespace }),
      ...(istio?.meshConfig === undefined ? {} : { meshConfig: istio.meshConfig }),
      ...(externals === undefined ? {} : { externals }),
      ...(complete === undefined ? {} : { complete }),
      ...(Object.keys(weightOwners).length === 0 ? {} : { weightOwners }),
    },
  };
}

/** Merges the options of several inputs of one mesh; the last one wins. */
export function mergedOptions(inputs: readonly TrafficInput[]): MeshOptions {
  const all = inputs.map(({ options }) => options);
  const owners = all.flatMap(({ weightOwners = {} }) => Object.entries(weightOwners));
  const merged = Object.assign({}, ...all) as MeshOptions;
  return owners.length === 0 ? merged : { ...merged, weightOwners: Object.fromEntries(owners) };
}

/** Routes whose weights a controller sets (`weightsOwnedBy`), by their VirtualServices. */
export function weightOwnersOf({ routes }: StackSettings): WeightOwners {
  const owners = allRouteObjects(routes).flatMap(({ namespace, service, virtualService }) => {
    const owner = routes?.[namespace]?.[service]?.weightsOwnedBy;
    return owner === undefined || virtualService === undefined
      ? []
      : [[`${namespace}/${virtualService.object.metadata.name}`, owner]];
  });
  return Object.fromEntries(owners) as WeightOwners;
}

/** The pods of a gateway that Istio's chart installs, as far as they matter for routing. */
export interface GatewayPods {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  /** Undefined if it is not known. */
  serviceAccount?: string;
  /** Ports of their Service. Without it, there is none, or it is not known. */
  ports?: readonly { name?: string; port: number; targetPort?: number | string; nodePort?: number }[];
}

/** The Deployment and Service of Istio's gateway chart. */
export function gatewayPodObjects({ name, namespace, labels, serviceAccount, ports }: GatewayPods): KubernetesObject[] {
  const metadata = { name, namespace, labels };
  const pods = {
    metadata: { labels, annotations: { 'inject.istio.io/templates': 'gateway' } },
    ...(serviceAccount === undefined
      ? {}
      : { spec: { serviceAccountName: serviceAccount, containers: [{ name: 'istio-proxy' }] } }),
  };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { template: pods },
  };
  if (ports === undefined) return [deployment];
  const open = ports.map((one) => ({ ...one, targetPort: one.targetPort ?? one.port }));
  return [deployment, { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: open } }];
}

/** The pods and the Service of a gateway of the stack. Of existing pods only the labels are known. */
function gatewayWorkload(name: string, settings: GatewaySettings): KubernetesObject[] {
  const { ports = defaultGatewayPorts, nodePorts = {} } = settings.service ?? {};
  const service = ports.map(({ name: port, port: number, targetPort }) => ({
    name: port,
    port: number,
    targetPort: targetPort ?? number,
    ...(nodePorts[port] === undefined ? {} : { nodePort: nodePorts[port] }),
  }));
  return gatewayPodObjects({
    name,
    namespace: gatewayNamespace(settings),
    labels: { app: name, istio: gatewayLabel(name), ...settings.labels },
    ...(settings.install === false ? {} : { serviceAccount: gatewayServiceAccount(name, settings), ports: service }),
  });
}
