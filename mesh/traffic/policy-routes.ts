import { asName, asString, isMap, type JsonMap } from '../json';
import { type Literal, literalHolds, replaceRegex } from './conditions';
import type { Outcome } from './outcome';
import { isPlainAllow, type Step } from './policies';
import { noAction } from './rules/action';
import type { CompiledRoute, PolicyVerdict } from './rules/routes';
import { title } from './words';

/**
 * Turns steps into conditions on the request that the client sends: the server sees it after the route has rewritten
 * it.
 */
export function beforeRewrite(all: readonly Step[], route: CompiledRoute): Step[] {
  return all.flatMap(({ when, verdict }): Step[] => {
    const open: Literal[] = [];
    let unknown: string | undefined;
    for (const one of when) {
      const asked = asClientSends(one, route);
      if (asked === false) return [];
      if (asked === 'unknown')
        unknown = `the route changes the ${one.variable}, which ${verdict.rule === undefined ? 'an AuthorizationPolicy' : title(verdict.rule)} asks for`;
      else if (asked !== true) open.push(asked);
    }
    return [{ when: open, verdict: unknown === undefined ? verdict : { unknown } }];
  });
}

function asClientSends(one: Literal, { action, when }: CompiledRoute): Literal | boolean | 'unknown' {
  if (one.variable === 'path' && isMap(action.rewrite)) return pathBefore(one, action.rewrite, when);
  if (one.variable === 'header :authority') {
    const authority = action.authority ?? action.forward?.find((to) => to.authority !== undefined)?.authority;
    return authority === undefined ? one : literalHolds(one, authority);
  }
  const [, header] = /^header ([^:].*)$/.exec(one.variable) ?? [];
  if (header === undefined) return one;
  const changed = [action.headers, ...(action.forward ?? []).map((to) => to.headers)]
    .flatMap((operations) => [
      ...Object.keys(operations?.request?.set ?? {}),
      ...Object.keys(operations?.request?.add ?? {}),
      ...(operations?.request?.remove ?? []),
    ])
    .some((name) => name.toLowerCase() === header);
  return changed ? 'unknown' : one;
}

function pathBefore(one: Literal, rewrite: JsonMap, when: readonly Literal[]): Literal | boolean | 'unknown' {
  const match = when.find(({ variable, negated }) => variable === 'path' && !negated)?.test;
  const regex = rewrite['uriRegexRewrite'];
  if (isMap(regex)) {
    if (match?.kind !== 'exact') return 'unknown';
    return literalHolds(
      one,
      replaceRegex(asString(regex['match']) ?? '', match.value, asString(regex['rewrite']) ?? ''),
    );
  }
  const uri = asName(rewrite['uri']);
  if (uri === undefined) return one;
  if (match?.kind === 'exact' || match?.kind === 'regex') return literalHolds(one, uri);
  const prefix = match?.kind === 'prefix' ? match.value : '/';
  const { test } = one;
  if (test.kind === 'present') return one;
  if (test.kind === 'suffix' || test.kind === 'regex') return 'unknown';
  // The part after the prefix stays, so the condition is only on that part.
  if (test.kind === 'prefix' && uri.startsWith(test.value)) return !one.negated;
  if (!test.value.startsWith(uri)) return one.negated;
  return { ...one, test: { ...test, value: prefix + test.value.slice(uri.length) } };
}

/** The key under which a route keeps the verdict of these policy steps. */
export function policyKey(all: readonly Step[]): string {
  return JSON.stringify(all);
}

/** Limit on the combinations of several servers' results. */
const combinationLimit = 64;

/**
 * A route for each combination of results of its destinations' policies; the route itself if they let everything
 * through.
 */
export function routesByVerdict(route: CompiledRoute, servers: readonly (readonly Step[])[]): CompiledRoute[] {
  const lists = new Map(servers.map((all) => [policyKey(all), beforeRewrite(all, route)]));
  let combined: { when: Literal[]; verdicts: Map<string, PolicyVerdict> }[] = [{ when: [], verdicts: new Map() }];
  for (const [key, all] of lists) {
    if (all.length === 1 && isPlainAllow(all[0])) continue;
    combined = combined.flatMap(({ when, verdicts }) =>
      all.map((step) => ({ when: [...when, ...step.when], verdicts: new Map([...verdicts, [key, step.verdict]]) })),
    );
    if (combined.length > combinationLimit) {
      const unknown = { unknown: 'AuthorizationPolicies with too many combinations of conditions' };
      return [{ ...route, verdicts: new Map([...lists.keys()].map((one) => [one, unknown])) }];
    }
  }
  if (combined.length === 1 && combined[0]?.verdicts.size === 0) return [route];
  return combined.map(({ when, verdicts }, index) => ({
    ...route,
    when: [...route.when, ...when],
    verdicts,
    ...(index > 0 && when.length === 0 ? { except: combined.slice(0, index).map((before) => before.when) } : {}),
  }));
}

/** The routes of a gateway, after the results of its own policies, which come first. */
export function behindPolicies(
  routes: readonly CompiledRoute[],
  otherwise: Outcome,
  all: readonly Step[],
): CompiledRoute[] {
  if (all.length === 1 && isPlainAllow(all[0])) return [...routes];
  return all.flatMap(({ when, verdict }): CompiledRoute[] => {
    const common = { when, unless: [], port: undefined, rule: verdict.rule, namespace: '' };
    if (verdict.status !== undefined) return [{ ...common, action: noAction, fixed: refusal(verdict) }];
    const noted = verdict.unknown === undefined ? {} : { unknown: verdict.unknown };
    return [
      ...routes.map((route) => ({ ...route, ...noted, when: [...when, ...route.when] })),
      // Requests that a step with conditions lets through must not reach the steps after it.
      ...(when.length === 0 && verdict.unknown === undefined
        ? []
        : [{ ...common, action: noAction, ...noted, fixed: otherwise }]),
    ];
  });
}

/** The answer of a gateway when a policy refuses a request. */
export function refusal({ status, why = '', rule }: PolicyVerdict): Outcome {
  return { kind: 'response', status: status ?? 403, why, ...(rule && { rule }) };
}

/** An outcome with the unknowns of the policies before it. */
export function withVerdict(outcome: Outcome, { unknown }: CompiledRoute): Outcome {
  return unknown === undefined ? outcome : { ...outcome, unknown: [...(outcome.unknown ?? []), unknown] };
}
