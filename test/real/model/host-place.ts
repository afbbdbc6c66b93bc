import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { Request } from '../../../mesh/traffic/request';
import type { Side } from '../../mesh/traffic/generated/route-set';
import { gatewayPorts, gatewayProxy } from '../../mesh/traffic/generated/world';
import { until } from '../traffic/child';
import { forgetConnections, send } from '../traffic/client';
import type { RealMesh } from '../traffic/mesh';
import { listenersHave, markerPolicy } from './marker';
import type { Place } from './try-out';

const markerPort = 18092;

const istio = (kind: string, name: string, spec: Record<string, unknown>): KubernetesObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind,
  metadata: { name, namespace: 'istio-system' },
  spec,
});

/** The gateway has it beside those of a set; on its port it says which set it has. */
export const markerGateway = istio('Gateway', 'marker', {
  selector: gatewayProxy.labels,
  servers: [
    { port: { number: markerPort, name: 'http', protocol: 'HTTP' }, bind: '127.0.0.1', hosts: ['marker.test'] },
  ],
});

/** The mesh of istiod and Envoys that test/real/traffic starts on this machine: a gateway, and a client's sidecar. */
export class HostPlace implements Place<Side> {
  private marks = 0;

  /** @param send - sends a request some times, and counts what is observed */
  constructor(
    private readonly mesh: RealMesh,
    private readonly send: (request: Request, times: number) => Promise<Map<string, number>>,
  ) {}

  async deploy(objects: readonly KubernetesObject[]): Promise<KubernetesObject[]> {
    const applied = await this.mark(objects);
    // Each kind has a watch of its own, so another object may still be on its way; a second round comes after it.
    await this.mark(objects);
    forgetConnections();
    return applied.slice(0, objects.length);
  }

  observe(_from: Side, request: Request, times: number): Promise<Map<string, number>> {
    return this.send(request, times);
  }

  /** Applies objects with a new marker, and waits until the proxies have it: a route that answers with its name, and a policy, as policies come with the listeners. */
  private async mark(objects: readonly KubernetesObject[]): Promise<KubernetesObject[]> {
    const name = `mark-${++this.marks}`;
    const applied = await this.mesh.apply([
      ...objects,
      istio('VirtualService', 'marker', {
        hosts: ['marker.test'],
        gateways: ['marker', 'mesh'],
        http: [{ directResponse: { status: 200, body: { string: name } } }],
      }),
      markerPolicy(name, [markerPort, ...gatewayPorts], { matchLabels: gatewayProxy.labels }),
    ]);
    const headers = { host: 'marker.test' };
    const answers = async (port: number): Promise<true | undefined> =>
      (await send({ port, headers })).body === name ? true : undefined;
    const refuses = async (): Promise<true | undefined> => {
      forgetConnections();
      return (await send({ port: markerPort, path: `/${name}`, headers })).status === 403 ? true : undefined;
    };
    const { adminPort = 0 } = this.mesh.proxies.get('gateway') ?? {};
    await until(`${name} at the client`, () => answers(80), undefined, 30);
    await until(`${name} in the listeners of the gateway`, () => listenersHave(adminPort, name), undefined, 30);
    await until(`${name} at the gateway`, () => answers(markerPort), undefined, 30);
    await until(`${name} in force at the gateway`, refuses, undefined, 30);
    return applied;
  }
}
