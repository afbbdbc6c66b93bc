import { isHostWithin } from '../../mesh/model/hosts';
import { asName, asNumber, asStringMap, asStrings, type JsonMap } from '../../mesh/json';
import { hasLabels } from '../../mesh/model/workload-index';
import { resolveGateway } from '../../mesh/model/gateways';
import { memoizeByIdentity } from '../../mesh/model/memoize';
import { httpMatchLiterals, type Literal, literalHolds, type Test } from '../../mesh/traffic/conditions';
import type { RouteProtocol } from './routes';
import { pushTo } from '../../mesh/collections';

/**
 * An entry of a rule's `match` (empty for a rule without `match`), with the namespace in which its short names resolve.
 */
export interface MatchCondition {
  match: JsonMap;
  /** Resolved gateways of the VirtualService, which apply to a match that names none. */
  gateways: readonly string[];
  namespace: string;
}

/** Whether `outer` matches every request that `inner` matches. False when in doubt. */
export function covers(protocol: RouteProtocol, outer: MatchCondition, inner: MatchCondition): boolean {
  if (!coversSource(outer, inner)) return false;
  const [port, innerPort] = [portOf(outer.match), portOf(inner.match)];
  if (port !== undefined && port !== innerPort) return false;
  return protocol === 'http' ? coversRequest(outer.match, inner.match) : coversConnection(outer.match, inner.match);
}

function portOf(match: JsonMap): number | undefined {
  const port = asNumber(match['port']);
  return port === 0 ? undefined : port;
}

/**
 * Compares the clients. If a match names gateways, istiod ignores the labels and namespace of its clients (istio
 * route.go, sourceMatchHTTP).
 */
function coversSource(outer: MatchCondition, inner: MatchCondition): boolean {
  const wider = gatewaysOf(outer);
  if (!gatewaysOf(inner).every((gateway) => wider.includes(gateway))) return false;
  if (asStrings(outer.match['gateways']).length > 0) return true;
  const [labels, namespace] = [asStringMap(outer.match['sourceLabels']), asName(outer.match['sourceNamespace'])];
  const innerAsks = asStrings(inner.match['gateways']).length === 0;
  const innerLabels = innerAsks ? asStringMap(inner.match['sourceLabels']) : {};
  const innerNamespace = innerAsks ? asName(inner.match['sourceNamespace']) : undefined;
  return hasLabels(innerLabels, labels) && (namespace === undefined || namespace === innerNamespace);
}

function gatewaysOf({ match, gateways, namespace }: MatchCondition): readonly string[] {
  const own = asStrings(match['gateways']);
  return own.length === 0 ? gateways : own.map((gateway) => resolveGateway(gateway, namespace));
}

function coversRequest(outer: JsonMap, inner: JsonMap): boolean {
  const given = literalsOf(inner);
  return literalsOf(outer).every((wanted) => isAlways(wanted) || given.some((literal) => implies(literal, wanted)));
}

/** The conditions of an HTTP match on the request itself. Each match is compared with many. */
const literalsOf: (match: JsonMap) => Literal[] = memoizeByIdentity(httpMatchLiterals);

function coversConnection(outer: JsonMap, inner: JsonMap): boolean {
  const names = asStrings(outer['sniHosts']);
  const innerNames = asStrings(inner['sniHosts']);
  if (
    names.length > 0 &&
    (innerNames.length === 0 || !innerNames.every((name) => names.some((wide) => isHostWithin(name, wide))))
  )
    return false;
  const [subnets, innerSubnets] = [asStrings(outer['destinationSubnets']), asStrings(inner['destinationSubnets'])];
  if (subnets.length > 0 && (innerSubnets.length === 0 || !innerSubnets.every((subnet) => subnets.includes(subnet))))
    return false;
  const source = asName(outer['sourceSubnet']);
  return source === undefined || source === asName(inner['sourceSubnet']);
}

/** Whether every request meets a literal: a regex for any value of what every request has. */
function isAlways({ variable, test, negated }: Literal): boolean {
  if (negated || test.kind !== 'regex') return false;
  const regex = test.value.replace(/^\^/, '').replace(/\$$/, '');
  if (variable === 'path' && /^\\?\/\.\*$/.test(regex)) return true;
  return ['path', 'header :method', 'header :authority', 'header :scheme'].includes(variable) && /^\.[*+]$/.test(regex);
}

/** Whether a request that meets `given` always meets `wanted`. False when in doubt. */
function implies(given: Literal, wanted: Literal): boolean {
  if (given.variable !== wanted.variable) return false;
  const only = onlyValue(given);
  if (only !== undefined) return literalHolds(wanted, only.value);
  if (given.negated !== wanted.negated) return false;
  // A match that excludes more matches less.
  return given.negated ? testImplies(wanted.test, given.test) : testImplies(given.test, wanted.test);
}

/** The one value that meets a literal, if there is only one. */
function onlyValue({ test, negated }: Literal): { value: string | undefined } | undefined {
  if (negated) return test.kind === 'present' ? { value: undefined } : undefined;
  return test.kind === 'exact' && !(test.ignoreCase && hasCase(test.value)) ? { value: test.value } : undefined;
}

function testImplies(given: Test, wanted: Test): boolean {
  if (wanted.kind === 'present') return true;
  if (wanted.kind === 'regex') return wanted.value === '.*' || (given.kind === 'regex' && given.value === wanted.value);
  if (given.kind === 'present' || given.kind === 'regex') return wanted.kind === 'prefix' && wanted.value === '';
  if (given.ignoreCase && !wanted.ignoreCase && hasCase(wanted.value)) return false;
  const [inner, outer] = wanted.ignoreCase
    ? [given.value.toLowerCase(), wanted.value.toLowerCase()]
    : [given.value, wanted.value];
  if (wanted.kind === 'exact') return given.kind === 'exact' && inner === outer;
  if (wanted.kind === 'prefix') return given.kind !== 'suffix' && inner.startsWith(outer);
  return given.kind !== 'prefix' && inner.endsWith(outer);
}

function hasCase(text: string): boolean {
  return text.toLowerCase() !== text.toUpperCase();
}

interface Entry<T> {
  condition: MatchCondition;
  item: T;
  order: number;
}

/**
 * Finds the conditions that cover another one, without comparing it with each of them. Exact paths and prefixes are
 * looked up; only the few other conditions are compared.
 */
export class CoverageIndex<T> {
  readonly #exact = new Map<string, Entry<T>[]>();
  readonly #prefix = new Map<string, Entry<T>[]>();
  readonly #others: Entry<T>[] = [];
  #size = 0;

  constructor(private readonly protocol: RouteProtocol) {}

  add(condition: MatchCondition, item: T): void {
    const entry = { condition, item, order: this.#size++ };
    const path = this.#pathOf(condition);
    if (path?.kind === 'exact') pushTo(this.#exact, path.value, entry);
    else if (path?.kind === 'prefix') pushTo(this.#prefix, path.value, entry);
    else this.#others.push(entry);
  }

  /** Items whose condition covers `inner`, in the order in which they were added. */
  covering(inner: MatchCondition): T[] {
    return this.#candidates(inner)
      .filter(({ condition }) => covers(this.protocol, condition, inner))
      .sort((a, b) => a.order - b.order)
      .map(({ item }) => item);
  }

  #candidates(inner: MatchCondition): Entry<T>[] {
    const path = this.#pathOf(inner);
    if (path === undefined) return [...this.#others];
    const found = [...this.#others, ...(path.kind === 'exact' ? (this.#exact.get(path.value) ?? []) : [])];
    for (let end = 1; end <= path.value.length; end++)
      found.push(...(this.#prefix.get(path.value.slice(0, end)) ?? []));
    return found;
  }

  /** The path that a condition asks for, if it can be looked up. */
  #pathOf({ match }: MatchCondition): { kind: 'exact' | 'prefix'; value: string } | undefined {
    if (this.protocol !== 'http') return undefined;
    const test = literalsOf(match).find((literal: Literal) => literal.variable === 'path')?.test;
    if (test?.kind !== 'exact' && test?.kind !== 'prefix') return undefined;
    return test.ignoreCase ? undefined : { kind: test.kind, value: test.value };
  }
}
