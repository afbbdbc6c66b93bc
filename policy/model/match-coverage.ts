import { isHostWithin } from '../../mesh/model/host-name';
import { asName, asNumber, asTextMap, asTexts, type JsonMap } from '../../mesh/model/json';
import { hasLabels } from '../../mesh/model/workload-index';
import { resolveGateway } from '../../mesh/model/gateways';
import { oncePer } from '../../mesh/model/once-per';
import { httpMatchLiterals } from '../../mesh/traffic/matching/http-match';
import type { Literal } from '../../mesh/traffic/matching/literal';
import { implies } from './implication';
import type { RouteProtocol } from './routes';

/** An entry of a rule's `match` (an empty one for a rule without), and where its short names resolve. */
export interface Condition {
  match: JsonMap;
  /** Resolved gateways that the VirtualService holds for: what a match that names none is for. */
  gateways: readonly string[];
  namespace: string;
}

/** Whether every request that `inner` asks for is one that `outer` takes. Errs on the side of no. */
export function covers(protocol: RouteProtocol, outer: Condition, inner: Condition): boolean {
  if (!coversSource(outer, inner)) return false;
  const [port, innerPort] = [portOf(outer.match), portOf(inner.match)];
  if (port !== undefined && port !== innerPort) return false;
  return protocol === 'http' ? coversRequest(outer.match, inner.match) : coversConnection(outer.match, inner.match);
}

function portOf(match: JsonMap): number | undefined {
  const port = asNumber(match['port']);
  return port === 0 ? undefined : port;
}

/** Who asks. A match that names gateways is not asked for labels or namespace of its clients (istio route.go, sourceMatchHTTP). */
function coversSource(outer: Condition, inner: Condition): boolean {
  const wider = gatewaysOf(outer);
  if (!gatewaysOf(inner).every((gateway) => wider.includes(gateway))) return false;
  if (asTexts(outer.match['gateways']).length > 0) return true;
  const [labels, namespace] = [asTextMap(outer.match['sourceLabels']), asName(outer.match['sourceNamespace'])];
  const innerAsks = asTexts(inner.match['gateways']).length === 0;
  const innerLabels = innerAsks ? asTextMap(inner.match['sourceLabels']) : {};
  const innerNamespace = innerAsks ? asName(inner.match['sourceNamespace']) : undefined;
  return hasLabels(innerLabels, labels) && (namespace === undefined || namespace === innerNamespace);
}

function gatewaysOf({ match, gateways, namespace }: Condition): readonly string[] {
  const own = asTexts(match['gateways']);
  return own.length === 0 ? gateways : own.map((gateway) => resolveGateway(gateway, namespace));
}

function coversRequest(outer: JsonMap, inner: JsonMap): boolean {
  const given = literalsOf(inner);
  return literalsOf(outer).every((wanted) => given.some((literal) => implies(literal, wanted)));
}

/** The conditions of an HTTP match on the request itself. Each match is compared with many. */
export const literalsOf: (match: JsonMap) => Literal[] = oncePer(httpMatchLiterals);

function coversConnection(outer: JsonMap, inner: JsonMap): boolean {
  const names = asTexts(outer['sniHosts']);
  const innerNames = asTexts(inner['sniHosts']);
  if (
    names.length > 0 &&
    (innerNames.length === 0 || !innerNames.every((name) => names.some((wide) => isHostWithin(name, wide))))
  )
    return false;
  const [subnets, innerSubnets] = [asTexts(outer['destinationSubnets']), asTexts(inner['destinationSubnets'])];
  if (subnets.length > 0 && (innerSubnets.length === 0 || !innerSubnets.every((subnet) => subnets.includes(subnet))))
    return false;
  const source = asName(outer['sourceSubnet']);
  return source === undefined || source === asName(inner['sourceSubnet']);
}
