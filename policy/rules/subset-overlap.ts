import { same } from '../../mesh/json';
import { memoizeByIdentity } from '../../mesh/model/memoize';
import type { MeshModel, MeshService } from '../../mesh/model/mesh-model';
import { hasLabels } from '../../mesh/model/workload-index';
import { isMovedByController } from '../model/rollouts';
import { writtenRoutes } from '../model/routes';
import { type PlacedSubset, type RuleGroup, ruleGroups } from '../model/host-rules';
import { contradiction, endpointLabels, podLabels } from '../model/workloads';
import { formatLabels } from '../../mesh/model/endpoints';
import type { CheckOptions, Rule, Violation } from '../rule';

/**
 * Subsets without labels are left to subset-labels. Rules that a rollout controller owns (option `rolloutController`) may have equal labels: Argo Rollouts adds
 * the hash that tells the pods apart.
 */
export const subsetOverlap: Rule = {
  id: 'subset-overlap',
  level: 'mandatory',
  title: 'no two subsets of a host select the same pods',
  single: false,
  docs: {
    why: 'When two subsets share pods, their weights mean nothing: "canary 10 %" also reaches the stable pods, and a shift changes nothing.',
    bad: `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: orders, namespace: mall }
spec:
  host: orders
  subsets: [{ name: stable, labels: { app: orders } }, { name: canary, labels: { app: orders } }]
`,
    good: `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: orders, namespace: mall }
spec:
  host: orders
  subsets: [{ name: stable, labels: { version: v1 } }, { name: canary, labels: { version: v2 } }]
`,
    fix: 'Give each subset a label with its own value, usually `version`, and the same label to the pods of that version.',
  },
  check: (model, options) => ruleGroups(model).flatMap((group) => violations(model, group, options)),
};

function violations(model: MeshModel, group: RuleGroup, options: CheckOptions): Violation[] {
  const subsets = group.subsets.filter(
    ({ labels, rule: { source } }) => Object.keys(labels).length > 0 && !isMovedByController(model, options, source),
  );
  const service = model.services.withHost(group.host)[0];
  const weighed = weighedTogether(model);
  return subsets.flatMap((subset, at) => {
    const earlier = subsets.slice(0, at).filter(({ name }) => name !== subset.name);
    const found = earlier.flatMap((other) => {
      const overlap = overlapOf(model, service, other, subset);
      return overlap === undefined ? [] : [{ other, overlap, isWeighed: weighed(group.host, other.name, subset.name) }];
    });
    const [first] = found.sort((a, b) => Number(b.isWeighed) - Number(a.isWeighed));
    if (first === undefined) return [];
    const others = found.length === 1 ? '' : ` and with ${found.length - 1} more`;
    const message = `subset "${subset.name}" (${formatLabels(subset.labels)}) shares pods with subset "${first.other.name}"${placeOf(first.other, subset)} (${formatLabels(first.other.labels)})${others}: ${first.overlap}. A weight between them has no meaning; give each a label value of its own`;
    // Two views of one version, by region or by load balancer, matter only when a route weighs them.
    if (!first.isWeighed && (first.overlap !== equalLabels || isSetApart(first.other, subset))) return [];
    const level = first.isWeighed ? {} : { level: 'advisory' as const };
    return [{ object: subset.rule.source.object, path: `${subset.path}.labels`, message, ...level }];
  });
}

const equalLabels = 'their labels are equal';

/** Whether two subsets differ in their traffic policy, so that each has its use. */
function isSetApart(a: PlacedSubset, b: PlacedSubset): boolean {
  return !same(a.trafficPolicy, b.trafficPolicy);
}

/** Tells whether some rule divides its requests between two subsets of a host. */
const weighedTogether = memoizeByIdentity((model: MeshModel) => {
  const pairs = new Set<string>();
  for (const { destinations } of writtenRoutes(model)) {
    const routed = destinations.filter(({ mirror, subset }) => !mirror && subset !== undefined);
    for (const a of routed)
      for (const b of routed) if (a.host === b.host) pairs.add(JSON.stringify([a.host, a.subset, b.subset]));
  }
  return (host: string, a: string, b: string): boolean => pairs.has(JSON.stringify([host, a, b]));
});

/** Why two subsets share pods; undefined when they do not, or the input does not tell. */
function overlapOf(
  model: MeshModel,
  service: MeshService | undefined,
  { labels: a }: PlacedSubset,
  { labels: b }: PlacedSubset,
): string | undefined {
  if (contradiction(a, b) !== undefined) return undefined;
  const [aWithinB, bWithinA] = [hasLabels(a, b), hasLabels(b, a)];
  if (aWithinB && bWithinA) return equalLabels;
  if (aWithinB || bWithinA) return 'every pod of the one with more labels is also one of the other';
  const both = podLabels({ ...a, ...b });
  const shared =
    service === undefined ? undefined : endpointLabels(model, service)?.find((pod) => hasLabels(pod, both));
  return shared === undefined ? undefined : `a workload with the labels ${formatLabels(shared)} belongs to both`;
}

function placeOf({ rule: { source } }: PlacedSubset, { rule }: PlacedSubset): string {
  return source === rule.source ? '' : ` of DestinationRule ${source.namespace}/${source.name}`;
}
