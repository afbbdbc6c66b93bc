import { noRoute, reset, unknownHost, unknownWords } from '../answers';
import type { Outcome } from '../outcome';
import { mostSpecific } from '../tables/wildcards';
import type { TrafficModel } from '../traffic-model';
import { clients, type Client, type Group } from './clients';
import { entryKey, type Entry } from './entry';
import { gatewayEntries } from './gateway-entries';
import { meshEntries, plainEntries } from './mesh-entries';

/** All that a mesh decides, entry by entry, by {@link entryKey}; in a fixed order. */
export function entries(traffic: TrafficModel, groups?: readonly Group[]): Map<string, Entry> {
  const all = clients(traffic.mesh, groups).flatMap((client) => clientEntries(traffic, client));
  return new Map(all.map((entry) => [entryKey(entry), entry]));
}

function clientEntries(traffic: TrafficModel, client: Client): Entry[] {
  if (client.proxy.type === 'none') return plainEntries(traffic, client);
  return client.proxy.type === 'gateway' ? gatewayEntries(traffic, client) : meshEntries(traffic, client);
}

/** What a mesh decides about an entry that another mesh has: its own entry for the very host, or what becomes of the host there. */
export function entryLike(traffic: TrafficModel, own: ReadonlyMap<string, Entry>, other: Entry): Entry {
  const same = own.get(entryKey(other));
  if (same !== undefined) return same;
  const covering =
    other.client.proxy.type === 'gateway'
      ? [...own.values()].filter(
          ({ client, port, protocol }) =>
            client.title === other.client.title && port === other.port && protocol === other.protocol,
        )
      : [];
  const byHost = new Map(covering.map((entry) => [entry.host, entry]));
  const found = mostSpecific(other.host, (host) => byHost.get(host));
  if (found !== undefined) return { ...found, host: other.host };
  return { ...other, routes: [], otherwise: absent(traffic, other) };
}

function absent(traffic: TrafficModel, { client, host, port, protocol }: Entry): Outcome {
  if (client.proxy.type === 'none') return { kind: 'passthrough', why: `${host} is no Service` };
  if (client.proxy.type === 'gateway') {
    return protocol === 'http' || protocol === 'https'
      ? noRoute(`no route for host ${host}`)
      : reset(`nothing listens for ${host}`);
  }
  const scope = traffic.scope(client.proxy);
  const what = unknownWords(host, port, scope.listenedService(host));
  return unknownHost(what, scope.sidecar.outboundTrafficPolicy, protocol === 'http');
}
