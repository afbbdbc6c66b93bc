import { isVisible } from '../../mesh/model/mesh-config';
import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { same } from '../../mesh/json';
import { effectiveRule } from '../model/clients';
import { hostRules, type RuleGroup, ruleGroups } from '../model/host-rules';
import { servicePlace } from '../../mesh/model/externals';
import { isOnMesh, writtenRoutes } from '../model/routes';
import { examples, type Rule, type Violation } from '../rule';

/**
 * Several DestinationRules of one host in one namespace are merged by istiod, so subsets may be spread over them. What it drops is reported: a second subset of the same name, a second
 * top-level traffic policy, and rules with another exportTo. Rules that say the same twice are advisory.
 */
export const drConflict: Rule = {
  id: 'dr-conflict',
  level: 'mandatory',
  title: 'DestinationRules of one host do not override each other',
  kiali: ['KIA0201'],
  single: false,
  docs: {
    why: 'If two DestinationRules for one host disagree, istiod uses the older one and silently drops the conflicting parts of the other. A rule in the namespace of the clients replaces that of the Service, subsets included.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: bookinfo }
spec:
  host: reviews
  subsets: [{ name: v1, labels: { version: v1 } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews-new, namespace: bookinfo }
spec:
  host: reviews
  subsets: [{ name: v1, labels: { version: v1.1 } }]
`,
      ['subsets: [{ name: v1, labels: { version: v1.1', 'subsets: [{ name: v1-1, labels: { version: v1.1'],
    ),
    fix: 'Say everything about a host once: one rule with all subsets, or one per version that agree in their top-level trafficPolicy and exportTo. A rule of a client namespace must repeat the subsets that its clients use.',
  },
  check: (model) => [
    ...ruleGroups(model).flatMap((group) => [
      ...repeatedSubsets(group),
      ...secondPolicies(group),
      ...unmerged(model, group),
    ]),
    ...overrides(model),
  ],
};

function repeatedSubsets({ subsets, host }: RuleGroup): Violation[] {
  return subsets.flatMap((subset, at): Violation[] => {
    const first = subsets.slice(0, at).find(({ name }) => name === subset.name);
    // object-schema reports a subset that occurs twice in one object.
    if (first === undefined || first.rule === subset.rule) return [];
    const agree = same([first.labels, first.trafficPolicy], [subset.labels, subset.trafficPolicy]);
    const object = subset.rule.source.object;
    const message = `subset "${subset.name}" of ${host} is defined by ${title(first.rule.source)} too${agree ? '' : ', and differently: istiod keeps one of the two and drops the other'}; define it once`;
    return [{ object, path: subset.path, message, ...(agree ? { level: 'advisory' as const } : {}) }];
  });
}

function secondPolicies({ rules, host }: RuleGroup): Violation[] {
  const [first, ...others] = rules.filter(({ trafficPolicy }) => trafficPolicy !== undefined);
  return others
    .filter(({ trafficPolicy }) => !same(trafficPolicy, first?.trafficPolicy))
    .map(({ source }) => ({
      object: source.object,
      path: 'spec.trafficPolicy',
      message: `${first === undefined ? '' : title(first.source)} has another trafficPolicy for ${host}, and istiod uses only the older of the two; keep them equal, or state the policy once`,
    }));
}

/** Rules whose exportTo differs are not merged, and a client that sees several uses one of them only. */
function unmerged(model: MeshModel, { rules, host }: RuleGroup): Violation[] {
  if (rules.length < 2) return [];
  return rules.flatMap(({ source, seenBy, subsets, selector }): Violation[] => {
    if (selector !== undefined || !isVisible(seenBy, source.namespace)) return [];
    const effective = effectiveRule(model, host, source.namespace);
    if (effective === undefined || effective.from.includes(source)) return [];
    const lost = subsets.filter(({ name }) => !effective.subsets.some((subset) => subset.name === name));
    if (lost.length === 0) return [];
    const names = lost.map(({ name }) => `"${name}"`).join(', ');
    const winner = effective.from.map(title).join(' and ');
    const message = `${winner} has the same host ${host} but another exportTo, so the two are not merged and clients in namespace ${source.namespace} do not have subset ${names} of this rule; give them the same exportTo`;
    return [{ object: source.object, path: 'spec.exportTo', message }];
  });
}

/** A rule in a client's namespace that replaces the one in the namespace of the Service. */
function overrides(model: MeshModel): Violation[] {
  const { all, byHost } = hostRules(model);
  return all.flatMap(({ source, host, selector }): Violation[] => {
    const owner = servicePlace(host, model.config.domain)?.namespace ?? model.services.withHost(host)[0]?.namespace;
    const client = source.namespace;
    if (owner === undefined || owner === client || client === model.config.rootNamespace || selector !== undefined)
      return [];
    const replaced = (byHost.get(host) ?? []).filter(
      (rule) => rule.source.namespace === owner && isVisible(rule.seenBy, client),
    );
    const kept = new Set(effectiveRule(model, host, client)?.subsets.map(({ name }) => name));
    const lost = [...new Set(replaced.flatMap(({ subsets }) => subsets.map(({ name }) => name)))].filter(
      (name) => !kept.has(name),
    );
    const [first] = replaced;
    if (lost.length === 0 || first === undefined) return [];
    const used = lost.filter((subset) => isUsedBy(model, client, host, subset));
    const names = (used.length > 0 ? used : lost).map((name) => `"${name}"`).join(', ');
    const message = `for clients in namespace ${client} this rule replaces ${title(first.source)}, whose subset ${names} it does not define${used.length > 0 ? ' although their routes use it' : ''}; define it here too, or remove this rule`;
    return [
      {
        object: source.object,
        path: 'spec.subsets',
        message,
        ...(used.length > 0 ? {} : { level: 'advisory' as const }),
      },
    ];
  });
}

function isUsedBy(model: MeshModel, client: string, host: string, subset: string): boolean {
  return writtenRoutes(model).some(
    ({ virtualService, destinations }) =>
      isOnMesh(virtualService) &&
      isVisible(virtualService.seenBy, client) &&
      destinations.some((destination) => destination.host === host && destination.subset === subset),
  );
}

function title({ namespace, name }: MeshObject): string {
  return `DestinationRule ${namespace}/${name}`;
}
