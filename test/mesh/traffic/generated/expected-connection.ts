import { placesOf } from '../../../../mesh/traffic/endpoints';
import type { Request } from '../../../../mesh/traffic/request';
import { route } from '../../../../mesh/traffic/route';
import { fraction, share, type Share } from '../../../../mesh/traffic/share';
import type { TrafficModel } from '../../../../mesh/traffic/traffic-model';
import { connectionInstances, connectionServices } from './connection-world';
import { type Expected, type Predict, proxies } from './expected';
import type { Side } from './route-set';
import { outside } from './world';

const tlsServices = connectionServices.filter(({ protocol }) => protocol === 'tls');

/**
 * Predicts the connections of successive sets, down to the instance that takes each. While Envoy refuses the listener
 * of a service, the last accepted listener is still in use.
 * @param bare - the proxies' configuration before the first set
 */
export function connectionPredictor(bare: TrafficModel): Predict {
  const taken = new Map(tlsServices.map(({ port }): [number, TrafficModel] => [port, bare]));
  let current = bare;
  return (traffic, from, request) => {
    if (traffic !== current) {
      for (const { name, namespace, port, protocol } of tlsServices) {
        const host = `${name}.${namespace}.svc.cluster.local`;
        if (route(traffic, proxies.client, { host, port, protocol }).kind !== 'unknown') taken.set(port, traffic);
      }
      current = traffic;
    }
    return expectedConnection((from === 'client' ? taken.get(request.port) : undefined) ?? traffic, from, request);
  };
}

function expectedConnection(traffic: TrafficModel, from: Side, request: Request): Expected {
  const proxy = proxies[from];
  const { kind, destinations = [] } = route(traffic, proxy, request);
  if (kind === 'passthrough') return new Map([[outside.name, '1']]);
  if (kind !== 'routed') return new Map([['closed', '1']]);
  const places = placesOf(traffic.mesh, from === 'gateway' ? traffic.gatewayView(proxy) : traffic.scope(proxy));
  const all: Expected = new Map();
  const add = (text: string, part: Share): void => {
    all.set(text, share(fraction(all.get(text) ?? '0').add(fraction(part))));
  };
  for (const destination of destinations) {
    if (destination.missing !== undefined) add('closed', destination.share);
    else {
      for (const [place, own] of places(destination)) {
        const instance = connectionInstances.find(({ namespace, name }) => place.startsWith(`${namespace}/${name}|`));
        const who = instance === undefined ? 'closed' : `${instance.service} ${instance.version}`;
        add(who, share(fraction(destination.share).mul(fraction(own))));
      }
    }
  }
  return all;
}
