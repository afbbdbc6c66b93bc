import { resolveGateway } from './gateways';
import { asList, asMap, asName, asNumber, asText, asTextMap, asTexts, isMap, without, type JsonMap } from './json';
import type { SourcedRoute } from './virtual-services';

/** Fields that a delegate's route takes from the root's route unless it has its own. */
const inherited = [
  'rewrite',
  'directResponse',
  'timeout',
  'retries',
  'fault',
  'mirror',
  'mirrorPercent',
  'mirrorPercentage',
  'corsPolicy',
  'mirrors',
  'headers',
] as const;

/**
 * A route of a delegate VirtualService as it holds beneath the route that delegates to it, or undefined when their conditions contradict each other, in which
 * case istiod drops it (istio pilot/pkg/model/virtualservice.go, mergeHTTPRoute).
 */
export function mergeDelegate(root: SourcedRoute, leaf: SourcedRoute): JsonMap | undefined {
  const rootMatches = matches(root);
  const leafMatches = matches(leaf);
  const merged = mergeMatches(rootMatches, leafMatches);
  if (merged === undefined) return undefined;
  const { route } = leaf;
  const fromRoot = Object.fromEntries(
    inherited
      .filter((field) => route[field] === undefined && root.route[field] !== undefined)
      .map((field) => [field, root.route[field]]),
  );
  return {
    ...fromRoot,
    ...without(route, 'match'),
    ...(merged.length === 0 ? {} : { match: merged }),
    name: joinedName(root.route['name'], route['name']),
  };
}

/** Conditions with gateways resolved, since the two objects may lie in different namespaces. */
function matches({ route, namespace }: SourcedRoute): JsonMap[] {
  return asList(route['match'])
    .filter(isMap)
    .map((match) =>
      match['gateways'] === undefined
        ? match
        : { ...match, gateways: asTexts(match['gateways']).map((gateway) => resolveGateway(gateway, namespace)) },
    );
}

function mergeMatches(roots: JsonMap[], leaves: JsonMap[]): JsonMap[] | undefined {
  if (roots.length === 0) return leaves;
  if (leaves.length === 0) return roots;
  const merged: JsonMap[] = [];
  for (const leaf of leaves) {
    const compatible = roots.filter((root) => !conflicts(root, leaf));
    if (compatible.length === 0) return undefined;
    merged.push(...compatible.map((root) => mergeMatch(root, leaf)));
  }
  return merged;
}

function mergeMatch(root: JsonMap, leaf: JsonMap): JsonMap {
  const maps = ['headers', 'withoutHeaders', 'queryParams', 'sourceLabels'].map((field): [string, JsonMap] => [
    field,
    { ...asMap(root[field]), ...asMap(leaf[field]) },
  ]);
  return {
    ...root,
    ...leaf,
    ...Object.fromEntries(maps.filter(([, map]) => Object.keys(map).length > 0)),
    name: joinedName(root['name'], leaf['name']),
  };
}

function joinedName(root: unknown, leaf: unknown): string {
  const [rootName, leafName] = [asName(root), asName(leaf)];
  return rootName !== undefined && leafName !== undefined ? `${rootName}-${leafName}` : (leafName ?? rootName ?? '');
}

function conflicts(root: JsonMap, leaf: JsonMap): boolean {
  if (['uri', 'scheme', 'method', 'authority'].some((field) => stringConflict(root[field], leaf[field]))) return true;
  for (const field of ['headers', 'withoutHeaders', 'queryParams']) {
    const outer = asMap(root[field]);
    if (Object.entries(asMap(leaf[field])).some(([key, value]) => stringConflict(outer[key], value))) return true;
  }
  if ((root['ignoreUriCase'] === true) !== (leaf['ignoreUriCase'] === true)) return true;
  const [rootPort, leafPort] = [asNumber(root['port']) ?? 0, asNumber(leaf['port']) ?? 0];
  if (rootPort > 0 && leafPort > 0 && rootPort !== leafPort) return true;
  const rootNamespace = asName(root['sourceNamespace']);
  if (rootNamespace !== undefined && rootNamespace !== asText(leaf['sourceNamespace'])) return true;
  const rootLabels = asTextMap(root['sourceLabels']);
  if (Object.entries(asTextMap(leaf['sourceLabels'])).some(([key, value]) => (rootLabels[key] ?? value) !== value))
    return true;
  const [rootGateways, leafGateways] = [asTexts(root['gateways']), asTexts(leaf['gateways'])];
  return rootGateways.length > 0 && leafGateways.some((gateway) => !rootGateways.includes(gateway));
}

/** Whether `leaf` is not evidently narrower than `root`; istiod takes two regexes for a conflict without looking into them. */
function stringConflict(root: unknown, leaf: unknown): boolean {
  if (!isMap(root) || !isMap(leaf)) return false;
  const [outer, inner] = [root, leaf].map((match) => ({
    exact: asName(match['exact']),
    prefix: asName(match['prefix']),
    regex: asName(match['regex']),
  })) as [StringCondition, StringCondition];
  if (outer.regex !== undefined || inner.regex !== undefined) return true;
  if (outer.exact !== undefined) return inner.exact !== outer.exact;
  if (outer.prefix !== undefined) return !(inner.prefix ?? inner.exact ?? '').startsWith(outer.prefix);
  return true;
}

interface StringCondition {
  exact: string | undefined;
  prefix: string | undefined;
  regex: string | undefined;
}
