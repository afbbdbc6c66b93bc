import { defined, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { asList, asMap, asName, asNumber, asString, isMap, type JsonMap } from '../../../mesh/json';
import { Carry, ofKind, pathMatches, wholePercent } from './carry';

/** One match of a rule of an HTTPRoute, as HTTP rules of a VirtualService, with its rank among the others. */
export interface RankedRule {
  rank: readonly number[];
  rules: JsonMap[];
}

const pathTypes: Readonly<Record<string, { type: 'exact' | 'elements' | 'regex'; rank: number }>> = {
  Exact: { type: 'exact', rank: 3 },
  PathPrefix: { type: 'elements', rank: 2 },
  RegularExpression: { type: 'regex', rank: 1 },
};

/**
 * HTTP rules of a VirtualService for the rules of an HTTPRoute, in the order that the Gateway API prescribes: exact paths, longer paths, a method, more headers, more query parameters.
 * @param port - port of the service, for a route that holds for one port of it only
 */
export function rankedRules(
  route: KubernetesObject,
  objects: readonly KubernetesObject[],
  carry: Carry,
  port?: number,
): RankedRule[] {
  const rules = asList(asMap(route.spec)['rules']);
  return rules.flatMap((rule, index) =>
    rulesOf(asMap(rule), `spec.rules[${index}]`, { route, objects, carry, ...defined({ port }) }),
  );
}

/** The rules of several routes of one host, in the order in which Envoy tries them. Equal ranks keep their order. */
export function inOrder(ranked: readonly RankedRule[]): JsonMap[] {
  const sorted = [...ranked].sort((a, b) => {
    const at = a.rank.findIndex((value, index) => value !== b.rank[index]);
    return at < 0 ? 0 : (b.rank[at] ?? 0) - (a.rank[at] ?? 0);
  });
  return sorted.flatMap(({ rules }) => rules);
}

interface Context {
  route: KubernetesObject;
  objects: readonly KubernetesObject[];
  carry: Carry;
  port?: number;
}

function rulesOf(rule: JsonMap, path: string, context: Context): RankedRule[] {
  const { carry } = context;
  carry.only(path, rule, ['name', 'matches', 'filters', 'backendRefs', 'timeouts']);
  const timeouts = asMap(rule['timeouts']);
  carry.only(`${path}.timeouts`, timeouts, ['request'], 'Istio has only a timeout for the whole request');
  const { rewrite, ...action } = filtersOf(asList(rule['filters']), `${path}.filters`, context);
  const { request: timeout } = timeouts;
  const answer =
    action['redirect'] === undefined ? destinations(asList(rule['backendRefs']), `${path}.backendRefs`, context) : {};
  const common = defined({ ...action, ...answer, timeout: action['redirect'] === undefined ? timeout : undefined });
  const matches = asList(rule['matches']).filter(isMap);
  return (matches.length === 0 ? [{}] : matches).map((match, index) =>
    ruleOf(match, `${path}.matches[${index}]`, common, asMap(rewrite), context),
  );
}

/** One match of a rule. A prefix takes two matches in Istio, and two rules if it is rewritten. */
function ruleOf(match: JsonMap, path: string, action: JsonMap, rewrite: JsonMap, context: Context): RankedRule {
  const { carry, port } = context;
  carry.only(path, match, ['path', 'headers', 'queryParams', 'method']);
  const { type = 'PathPrefix', value = '/' } = asMap(match['path']);
  if (rewrite['prefix'] !== undefined && type !== 'PathPrefix')
    carry.refuse(`${path}.path.type`, type, 'only a PathPrefix has a prefix that ReplacePrefixMatch can replace');
  const known = pathTypes[String(type)];
  if (known === undefined) carry.refuse(`${path}.path.type`, type, 'Istio cannot match a path in this way');
  const method = asName(match['method']);
  const [headers, query] = [
    stringMatches(match['headers'], `${path}.headers`, carry, true),
    stringMatches(match['queryParams'], `${path}.queryParams`, carry),
  ];
  const others = defined({
    method: method === undefined ? undefined : { exact: method },
    headers: headers.size === 0 ? undefined : Object.fromEntries(headers),
    queryParams: query.size === 0 ? undefined : Object.fromEntries(query),
    port,
  });
  const matches = pathMatches(known?.type ?? 'elements', String(value)).map((uri) => ({ ...uri, ...others }));
  const { rank = 0 } = known ?? {};
  return {
    rank: [rank, String(value).replace(/(.)\/$/, '$1').length, method === undefined ? 0 : 1, headers.size, query.size],
    rules: rewritten(matches, rewrite, type === 'PathPrefix').map(([list, uri]) => ({
      ...(list.some((one) => Object.keys(one).length === 0) ? {} : { match: list }),
      ...(uri === undefined ? {} : { rewrite: uri }),
      ...action,
    })),
  };
}

/** Matches with the rewrite that each needs. */
function rewritten(
  matches: JsonMap[],
  { prefix, ...rewrite }: JsonMap,
  isPrefix: boolean,
): [JsonMap[], JsonMap | undefined][] {
  if (prefix === undefined || !isPrefix) return [[matches, Object.keys(rewrite).length === 0 ? undefined : rewrite]];
  const target = (asString(prefix) ?? '').replace(/\/$/, '');
  // Istio replaces the matched part and appends the rest of the path.
  return matches.map((match): [JsonMap[], JsonMap] => {
    const isExact = 'exact' in asMap(match['uri']);
    return [[match], { uri: isExact ? target || '/' : `${target}/`, ...rewrite }];
  });
}

function stringMatches(list: unknown, path: string, carry: Carry, lower = false): Map<string, JsonMap> {
  const found = new Map<string, JsonMap>();
  for (const [index, entry] of asList(list).entries()) {
    const { name, value, type = 'Exact' } = asMap(entry);
    const key = lower ? String(name).toLowerCase() : String(name);
    // Of equal names only the first counts, as the Gateway API defines.
    if (found.has(key)) continue;
    if (type !== 'Exact' && type !== 'RegularExpression')
      carry.refuse(`${path}[${index}].type`, type, 'Istio cannot match a value in this way');
    found.set(key, { [type === 'Exact' ? 'exact' : 'regex']: value });
  }
  return found;
}

/** Filters as fields of an HTTP rule. `rewrite.prefix` is what replaces a matched prefix. */
function filtersOf(filters: unknown[], path: string, context: Context): JsonMap {
  const { carry } = context;
  const action: JsonMap = {};
  const [rewrite, headers, mirrors]: [JsonMap, JsonMap, JsonMap[]] = [{}, {}, []];
  for (const [index, entry] of filters.entries()) {
    const filter = asMap(entry);
    const at = `${path}[${index}]`;
    switch (filter['type']) {
      case 'RequestHeaderModifier':
        headers['request'] = headerChanges(asMap(filter['requestHeaderModifier']));
        break;
      case 'ResponseHeaderModifier':
        headers['response'] = headerChanges(asMap(filter['responseHeaderModifier']));
        break;
      case 'RequestRedirect':
        action['redirect'] = redirectOf(asMap(filter['requestRedirect']), `${at}.requestRedirect`, carry);
        break;
      case 'URLRewrite': {
        const { hostname, path: to } = asMap(filter['urlRewrite']);
        const { type, replaceFullPath, replacePrefixMatch } = asMap(to);
        if (hostname !== undefined) rewrite['authority'] = hostname;
        if (type === 'ReplaceFullPath') rewrite['uriRegexRewrite'] = { match: '/.*', rewrite: replaceFullPath };
        if (type === 'ReplacePrefixMatch') rewrite['prefix'] = replacePrefixMatch;
        break;
      }
      case 'RequestMirror':
        mirrors.push(...mirrorOf(asMap(filter['requestMirror']), `${at}.requestMirror`, context));
        break;
      default:
        carry.refuse(at, filter, `Istio has no field for a filter of type ${String(filter['type'])}`);
    }
  }
  if (Object.keys(rewrite).length > 0) action['rewrite'] = rewrite;
  if (Object.keys(headers).length > 0) action['headers'] = headers;
  if (mirrors.length > 0) action['mirrors'] = mirrors;
  return action;
}

function headerChanges({ set, add, remove }: JsonMap): JsonMap {
  const map = (list: unknown): JsonMap | undefined =>
    list === undefined
      ? undefined
      : Object.fromEntries(asList(list).map((entry) => [String(asMap(entry)['name']), asMap(entry)['value']]));
  return defined({ set: map(set), add: map(add), remove });
}

function redirectOf(redirect: JsonMap, path: string, carry: Carry): JsonMap {
  const { scheme, hostname, port, statusCode = 302, path: to } = redirect;
  const { type, replaceFullPath } = asMap(to);
  if (type === 'ReplacePrefixMatch')
    carry.refuse(`${path}.path`, to, 'before version 1.31, Istio redirects only to a whole path');
  return defined({
    scheme,
    authority: hostname,
    uri: replaceFullPath,
    port,
    // Istio's own default is the default port of the scheme.
    derivePort: port !== undefined ? undefined : scheme === undefined ? 'FROM_REQUEST_PORT' : 'FROM_PROTOCOL_DEFAULT',
    redirectCode: statusCode,
  });
}

function mirrorOf(mirror: JsonMap, path: string, context: Context): JsonMap[] {
  const { backendRef, percent, fraction } = mirror;
  const destination = destinationOf(asMap(backendRef), `${path}.backendRef`, context);
  const { numerator, denominator = 100 } = asMap(fraction);
  const value =
    fraction === undefined ? asNumber(percent) : ((asNumber(numerator) ?? 0) * 100) / (asNumber(denominator) ?? 100);
  return destination === undefined
    ? []
    : [defined({ destination, percentage: value === undefined ? undefined : { value } })];
}

/** `route`, or the answer that the Gateway API prescribes for a rule without backends. */
function destinations(refs: unknown[], path: string, context: Context): JsonMap {
  const { carry } = context;
  if (refs.length === 0) return { directResponse: { status: 500 } };
  const weights = refs.map((ref) => asNumber(asMap(ref)['weight']) ?? 1);
  const shares = refs.length === 1 ? undefined : wholePercent(weights);
  if (refs.length === 1 && weights[0] === 0) return { directResponse: { status: 500 } };
  if (refs.length > 1 && shares === undefined) carry.refuse(path, weights, 'these weights are not whole percentages');
  const route = refs.flatMap((ref, index) => {
    const at = `${path}[${index}]`;
    const destination = destinationOf(asMap(ref), at, context);
    const { rewrite, redirect, mirrors, headers } = filtersOf(asList(asMap(ref)['filters']), `${at}.filters`, context);
    for (const [key, value] of Object.entries({ rewrite, redirect, mirrors }))
      if (value !== undefined) carry.refuse(`${at}.filters`, value, `Istio has no ${key} for a single destination`);
    return destination === undefined ? [] : [defined({ destination, weight: shares?.[index], headers })];
  });
  return { route };
}

function destinationOf(ref: JsonMap, path: string, { route, objects, carry }: Context): JsonMap | undefined {
  const { group = '', kind = 'Service', name, namespace, port } = ref;
  carry.only(path, ref, ['group', 'kind', 'name', 'namespace', 'port', 'weight', 'filters']);
  const isHostname = group === 'networking.istio.io' && kind === 'Hostname';
  if (!isHostname && (group !== '' || kind !== 'Service')) {
    carry.refuse(path, ref, `Istio sends requests to a Service, and this is a ${String(kind)}`);
    return undefined;
  }
  const own = route.metadata.namespace;
  const other = asName(namespace) === own ? undefined : asName(namespace);
  if (other !== undefined && !isHostname && !isGranted(objects, own, other, String(name)))
    carry.refuse(`${path}.namespace`, other, 'no ReferenceGrant among the objects allows it, so istiod refuses it');
  const host = isHostname || other === undefined ? String(name) : `${String(name)}.${other}.svc.cluster.local`;
  return defined({ host, port: port === undefined ? undefined : { number: port } });
}

/** Whether a ReferenceGrant lets HTTPRoutes of a namespace send requests to a Service of another one. */
function isGranted(
  objects: readonly KubernetesObject[],
  from: string | undefined,
  to: string,
  service: string,
): boolean {
  return ofKind(objects, 'gateway.networking.k8s.io', 'ReferenceGrant').some(({ metadata, spec }) => {
    if (metadata.namespace !== to) return false;
    const fits = (list: unknown, test: (entry: JsonMap) => boolean): boolean => asList(list).map(asMap).some(test);
    return (
      fits(asMap(spec)['from'], (one) => one['kind'] === 'HTTPRoute' && one['namespace'] === from) &&
      fits(asMap(spec)['to'], (one) => one['kind'] === 'Service' && (one['name'] ?? service) === service)
    );
  });
}
