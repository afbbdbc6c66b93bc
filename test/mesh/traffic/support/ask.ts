import { workloadClient, gatewayClients, type Client } from '../../../../mesh/traffic/classes/clients';
import { explanation } from '../../../../mesh/traffic/explanation';
import type { Outcome } from '../../../../mesh/traffic/outcome';
import type { Request } from '../../../../mesh/traffic/request';
import { trafficModel, type TrafficModel } from '../../../../mesh/traffic/traffic-model';
import type { Share } from '../../../../mesh/traffic/share';
import { stackTraffic, type TrafficInput } from '../../../../mesh/traffic/stack-objects';
import { sample } from '../../../support/samples';

/** The model's predictions for a sample. */
export class Predictions {
  private readonly traffic: TrafficModel;

  constructor({ objects, options }: TrafficInput) {
    this.traffic = trafficModel(objects, options);
  }

  /** The workloads (or answers) at which requests to the sample's ingress gateway end, with their parts. */
  atGateway(path: string, headers: Record<string, string> = {}, host = 'localhost'): Record<string, Share> {
    return explanation(this.traffic, this.gateway(), { host, port: 80, path, headers }).ends;
  }

  /** The same for requests of a workload of a namespace. */
  inMesh(namespace: string, host: string, port: number, headers: Record<string, string> = {}): Record<string, Share> {
    return explanation(this.traffic, workloadClient(namespace, {}), { host, port, headers }).ends;
  }

  /** The same for a client without a sidecar in a namespace. */
  fromPlain(namespace: string, host: string, port: number): Record<string, Share> {
    const client: Client = { title: 'plain', proxy: { type: 'none', namespace, labels: {} }, given: [] };
    return explanation(this.traffic, client, { host, port }).ends;
  }

  gatewayOutcome(request: Partial<Request>): Outcome {
    return explanation(this.traffic, this.gateway(), { host: 'localhost', port: 80, ...request }).outcome;
  }

  meshOutcome(namespace: string, host: string, port: number, headers: Record<string, string> = {}): Outcome {
    return explanation(this.traffic, workloadClient(namespace, {}), { host, port, headers }).outcome;
  }

  private gateway(): Client {
    const found = gatewayClients(this.traffic.mesh).find(({ title }) => title.includes('ingress'));
    if (found === undefined) throw new Error('the sample has no ingress gateway');
    return found;
  }
}

/** The sample of a `--sample` reference, with JSON merge patches on its config. */
export function sampleTraffic(reference: string, ...patches: Record<string, unknown>[]): TrafficInput {
  return stackTraffic(sample(reference, ...patches).settings);
}

export function predictions(reference: string, ...patches: Record<string, unknown>[]): Predictions {
  return new Predictions(sampleTraffic(reference, ...patches));
}
