import { asList } from '../../mesh/json';
import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { entries, type Entry, entryOutcomes } from '../../mesh/traffic/classes/classes';
import { regionMember } from '../../mesh/traffic/solve/satisfy';
import type { Outcome } from '../../mesh/traffic/outcome';
import { trafficModelOf } from '../../mesh/traffic/traffic-model';
import { examples, modelOptions, type Rule, type Violation } from '../rule';

/**
 * Follows every class of requests from every sender that sees the rule, as `meshwright explain` does. Reports nothing
 * if the result depends on objects outside the input, or if another rule reports a failure at the same place.
 */
export const requestsFail: Rule = {
  id: 'requests-fail',
  level: 'mandatory',
  title: 'no routing rule makes all its requests fail',
  single: false,
  fallback: true,
  docs: {
    why: 'A rule whose requests all end in 404 or 503 is accepted by the cluster. Which sender sees which rule, subset and pod depends on several objects together, so a mistake in one object may affect the requests of another.',
    ...examples(
      `
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { selector: { app: cart }, ports: [{ name: http, port: 80, targetPort: web }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec:
  selector: { matchLabels: { app: cart } }
  template: { metadata: { labels: { app: cart } }, spec: { containers: [{ name: app, ports: [{ containerPort: 8080, name: http }] }] } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: cart, namespace: shop }
spec:
  hosts: [cart]
  http: [{ route: [{ destination: { host: cart } }] }]
`,
      ['targetPort: web', 'targetPort: http'],
    ),
    fix: 'Follow the reason in the message; `meshwright explain` shows every step for a request.',
  },
  check: (model, options) => {
    // Without VirtualServices no rule can make requests fail.
    if (model.virtualServices.all.length === 0) return [];
    const found = new Map<string, Failure>();
    for (const entry of entries(trafficModelOf(model, modelOptions(options))).values()) {
      for (const failure of failuresOf(model, entry)) {
        const key = JSON.stringify([failure.source.kind, failure.source.namespace, failure.source.name, failure.path]);
        const known = found.get(key);
        if (known === undefined) found.set(key, failure);
        else known.from.push(...failure.from);
      }
    }
    return [...found.values()].map(violation);
  },
};

interface Failure {
  source: MeshObject;
  path: string;
  /** Senders. */
  from: string[];
  what: string;
}

function failuresOf(model: MeshModel, entry: Entry): Failure[] {
  const { client, host, port, routes, otherwise } = entry;
  const outcomes = entryOutcomes(entry);
  const failing = outcomes.flatMap(({ outcome }, index): Failure[] => {
    const why = reasonFor503(outcome);
    const source = why === undefined ? undefined : ruleObject(model, outcome);
    if (
      why === undefined ||
      source === undefined ||
      typeof regionMember([{ routes, index }], client.given) === 'string'
    )
      return [];
    // `spec.http[0].match[1]` says which match decided; the rule is one place.
    const path = (outcome.rule?.path ?? '').replace(/\.match\[\d+\]$/, '');
    return [{ source, path, from: [client.title], what: `requests to ${host}:${port} fail with 503: ${why}` }];
  });
  const empty = routes.length === 0 && otherwise.kind === 'noRoute' && isCertain(otherwise);
  const dropped = empty ? model.virtualServices.all.filter((one) => one.hosts.includes(host)) : [];
  return [
    ...failing,
    ...dropped
      .filter(({ source, http }) => asList(source.spec['http']).length > 0 && http.length === 0)
      .map(({ source }) => ({
        source,
        path: 'spec.http',
        from: [client.title],
        what: `all requests to ${host}:${port} get 404: ${otherwise.why ?? 'no rule is left'}`,
      })),
  ];
}

/** Why requests of a class end in 503; undefined when they do not, or the input does not tell. Weight 0 sends nothing. */
function reasonFor503(outcome: Outcome): string | undefined {
  if (outcome.kind !== 'routed' || !isCertain(outcome)) return undefined;
  return outcome.destinations?.find(
    ({ missing, unknown, share }) => missing !== undefined && unknown === undefined && share !== '0',
  )?.missing;
}

function isCertain({ unknown = [] }: Outcome): boolean {
  return unknown.length === 0;
}

function ruleObject(model: MeshModel, { rule }: Outcome): MeshObject | undefined {
  return rule?.kind === 'VirtualService' ? model.objects.get('VirtualService', rule.namespace, rule.name) : undefined;
}

function violation({ source, path, from, what }: Failure): Violation {
  const senders = [...new Set(from)].sort();
  const shown = senders.slice(0, 3).join(', ') + (senders.length > 3 ? ` and ${senders.length - 3} more` : '');
  return { object: source.object, path, message: `from ${shown}, ${what}` };
}
