import { placesOf } from '../../../traffic/classes/places';
import type { Request } from '../../../traffic/request';
import { route } from '../../../traffic/route';
import { fraction, share, type Share } from '../../../traffic/share';
import type { TrafficModel } from '../../../traffic/traffic-model';
import { connectionInstances } from './connection-world';
import { proxies, type Expected } from './expected';

/** The model's prediction for a connection, down to the instance that takes it; empty where the proxy refuses the rules, so that what it does depends on those before. */
export function expectedConnection(traffic: TrafficModel, from: 'gateway' | 'client', request: Request): Expected {
  const proxy = proxies[from];
  const { kind, destinations = [] } = route(traffic, proxy, request);
  if (kind === 'unknown') return new Map();
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
