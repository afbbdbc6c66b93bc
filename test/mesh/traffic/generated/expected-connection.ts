import { placesOf } from '../../../../mesh/traffic/endpoints';
import { route } from '../../../../mesh/traffic/route';
import { fraction, share, type Share } from '../../../../mesh/traffic/share';
import { connectionInstances } from './connection-world';
import { type Expected, type Predict, proxies } from './expected';
import { outside } from './world';

/**
 * Predicts the instances that take a connection; none where the model says unknown: Envoy refuses the listener, and keeps
 * one that it had on the way from the set before.
 */
export const expectedConnection: Predict = (traffic, from, request) => {
  const proxy = proxies[from];
  const { kind, destinations = [] } = route(traffic, proxy, request);
  if (kind === 'unknown') return new Map();
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
};
