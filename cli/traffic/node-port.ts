import { isIP } from 'node:net';
import { asList, asMap, asNumber } from '../../mesh/json';
import { hasLabels } from '../../mesh/model/workload-index';
import { gatewayClients, type Client } from '../../mesh/traffic/classes/clients';
import type { Request } from '../../mesh/traffic/request';
import type { TrafficModel } from '../../mesh/traffic/traffic-model';
import { nodeAddress, nodeStatus, type LabNodePort } from './lab-node';

/** A request as the gateway behind a node port gets it. */
export interface GatewayRequest {
  client: Client;
  request: Request;
}

type NodePort = Pick<LabNodePort, 'namespace' | 'service' | 'port' | 'nodePort'> & Partial<LabNodePort>;

/**
 * A request to a node's own address and a gateway's node port, as that gateway gets it; undefined for any other request. Node ports that no object names are those of the lab, when it is up.
 */
export async function atNodePort(traffic: TrafficModel, request: Request): Promise<GatewayRequest | undefined> {
  if (!isNodeAddress(request.host)) return undefined;
  return (
    behindNodePort(traffic, request, writtenNodePorts(traffic)) ??
    behindNodePort(traffic, request, await labNodePorts())
  );
}

/** The pure part of {@link atNodePort}. */
export function behindNodePort(
  traffic: TrafficModel,
  request: Request,
  nodePorts: readonly NodePort[],
): GatewayRequest | undefined {
  const { mesh } = traffic;
  const leadsTo = nodePorts.filter(
    ({ nodePort, address }) => nodePort === request.port || address?.endsWith(`:${request.port}`) === true,
  );
  for (const { namespace, service: name, port } of leadsTo) {
    const selector = mesh.services.inNamespace(namespace).find((service) => service.name === name)?.selector;
    const client = gatewayClients(mesh).find(
      ({ proxy }) => selector !== undefined && proxy.namespace === namespace && hasLabels(proxy.labels, selector),
    );
    if (client === undefined) continue;
    const headers = { host: `${request.host}:${request.port}`, ...request.headers };
    return { client, request: { ...request, port, headers } };
  }
  return undefined;
}

/** Any address of a node may be asked, and only the cluster knows which it has. */
function isNodeAddress(host: string): boolean {
  return host === 'localhost' || isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

function writtenNodePorts({ mesh }: TrafficModel): NodePort[] {
  return mesh.objects.ofKind('Service').flatMap(({ namespace, name, spec }) =>
    asList(spec['ports']).flatMap((entry) => {
      const { port, nodePort } = asMap(entry);
      const [number, ofNode] = [asNumber(port), asNumber(nodePort)];
      return number === undefined || ofNode === undefined
        ? []
        : [{ namespace, service: name, port: number, nodePort: ofNode }];
    }),
  );
}

async function labNodePorts(): Promise<LabNodePort[]> {
  const address = await nodeAddress();
  return (address && (await nodeStatus(address)))?.nodePorts ?? [];
}
