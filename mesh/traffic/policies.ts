import { asList, asMap, asName, asString, isMap, type JsonMap } from '../json';
import type { MeshModel, MeshObject } from '../model/mesh-model';
import {
  conjoined,
  type Context,
  literal,
  operationConditions,
  type Server,
  sourceConditions,
  whenCondition,
} from './policy-conditions';
import { policiesFor } from '../model/policy-attachment';
import { type Literal, literalHolds, replaceRegex, type Valuation } from './matching/literal';
import type { Outcome, RuleRef } from './outcome';
import type { Proxy } from './request';
import { noAction } from './rules/action';
import type { CompiledRoute, PolicyVerdict } from './rules/routes';
import { conditionWords } from './words';

/**
 * AuthorizationPolicies and RequestAuthentications: the requests that the proxy of a workload refuses. They are
 * compiled to steps in the order of Envoy's filters, and the first step that matches a request decides: tokens first,
 * then CUSTOM, DENY and ALLOW (istio pilot/pkg/security/authz).
 */
export interface Step {
  when: Literal[];
  verdict: PolicyVerdict;
}

/** The client, as the server's proxy sees it. */
export interface Caller {
  proxy: Pick<Proxy, 'namespace' | 'serviceAccount'>;
  /** Whether it uses mutual TLS, without which the server does not know the client. */
  mutual: boolean;
  /** Whether it calls a gateway from outside the mesh. */
  outside?: true;
}

const allowed: Step = { when: [], verdict: {} };

/** The steps of a server's policies for the requests of a caller. The last step has no conditions. */
export function policySteps(mesh: MeshModel, server: Server, caller: Caller): Step[] {
  const policies = policiesFor(mesh, 'AuthorizationPolicy', server);
  const authentications = policiesFor(mesh, 'RequestAuthentication', server).filter(
    ({ spec }) => asList(spec['jwtRules']).length > 0,
  );
  if (policies.length === 0 && authentications.length === 0) return [allowed];
  const hasTokens = authentications.length > 0;
  const context: Context = { mesh, server, hasTokens, isGateway: caller.outside === true };
  const enforced = policies.filter((policy) => !isDryRun(policy));
  const ofAction = (action: string): MeshObject[] =>
    enforced.filter(({ spec }) => (asName(spec['action']) ?? 'ALLOW') === action);
  const allow = ofAction('ALLOW');
  const all: Step[] = [
    ...(server.isHttp ? authentications.map(invalidToken) : []),
    ...policies.filter(isDryRun).flatMap((policy) =>
      steps(policy, context, (rule) => ({
        unknown: `${title(policy)} is a dry run (${rule.path}); whether it is enforced later is not known`,
      })),
    ),
    ...ofAction('CUSTOM').flatMap((policy) =>
      steps(policy, context, () => ({
        unknown: `${title(policy)} leaves the decision to ${asName(asMap(policy.spec['provider'])['name']) ?? 'a provider'}`,
      })),
    ),
    ...ofAction('DENY').flatMap((policy) =>
      steps(policy, context, (rule) => ({ status: 403, why: `${title(policy)} denies it`, rule })),
    ),
    ...allow.flatMap((policy) => steps(policy, context, () => ({}))),
    allow.length === 0 ? allowed : { when: [], verdict: refusedByAll(allow) },
  ];
  return simplified(all, caller);
}

function refusedByAll(allow: readonly MeshObject[]): PolicyVerdict {
  const [first] = allow;
  const names = allow.map(({ namespace, name }) => `${namespace}/${name}`).join(', ');
  return {
    status: 403,
    why: `no rule of AuthorizationPolicy ${names} allows it`,
    ...(first === undefined
      ? {}
      : { rule: { kind: first.kind, namespace: first.namespace, name: first.name, path: 'spec' } }),
  };
}

function invalidToken({ kind, namespace, name }: MeshObject): Step {
  return {
    when: [literal('token', { kind: 'exact', value: 'invalid', ignoreCase: false })],
    verdict: {
      status: 401,
      why: `RequestAuthentication ${namespace}/${name} refuses an invalid token`,
      rule: { kind, namespace, name, path: 'spec.jwtRules' },
    },
  };
}

function isDryRun({ annotations }: MeshObject): boolean {
  return annotations['istio.io/dry-run'] === 'true';
}

function title({ kind, namespace, name }: MeshObject): string {
  return `${kind} ${namespace}/${name}`;
}

/**
 * The conjunctions under which a policy matches a request. On a TCP port an ALLOW rule with an HTTP condition anywhere
 * is left out, and other rules lose such conditions (istio pilot/pkg/security/authz/model/model.go, Generate).
 */
function steps(policy: MeshObject, context: Context, verdict: (rule: RuleRef) => PolicyVerdict): Step[] {
  const { kind, namespace, name, spec } = policy;
  const isAllow = (asName(spec['action']) ?? 'ALLOW') === 'ALLOW';
  return asList(spec['rules']).flatMap((value, index) => {
    const rule = asMap(value);
    const path = `spec.rules[${index}]`;
    const from = alternatives(rule['from'], 'source').map((one) => sourceConditions(one, context, namespace));
    const to = alternatives(rule['to'], 'operation').map((one) => operationConditions(one, context));
    const when = asList(rule['when']).map((one) => whenCondition(asMap(one), context, namespace));
    const { isHttp } = context.server;
    if (!isHttp && isAllow && [...from.flat(), ...to.flat(), ...when].some(({ isHttpOnly }) => isHttpOnly)) return [];
    return from.flatMap((source) =>
      to.flatMap((operation): Step[] => {
        const conjunction = conjoined([...source, ...operation, ...when], isHttp);
        return conjunction === undefined
          ? []
          : [{ when: conjunction, verdict: verdict({ kind, namespace, name, path }) }];
      }),
    );
  });
}

function alternatives(value: unknown, key: string): JsonMap[] {
  const all = asList(value).map((one) => asMap(asMap(one)[key]));
  return all.length === 0 ? [{}] : all;
}

/** Steps without the conditions that the caller decides. A step that takes everything is the last one. */
function simplified(all: readonly Step[], caller: Caller): Step[] {
  const left: Step[] = [];
  for (const { when, verdict } of all) {
    const open: Literal[] = [];
    let holds = true;
    for (const one of when) {
      const known = knownOfCaller(one, caller);
      if (known === undefined) open.push(one);
      else holds &&= known;
    }
    if (!holds) continue;
    left.push({ when: open, verdict });
    if (open.length === 0) break;
  }
  // A step that only allows what is allowed anyway is not needed.
  while (left.length > 1 && isPlainAllow(left.at(-1)) && isPlainAllow(left.at(-2))) left.splice(-2, 1);
  return left;
}

function isPlainAllow(step: Step | undefined): boolean {
  return step !== undefined && step.verdict.status === undefined && step.verdict.unknown === undefined;
}

function knownOfCaller(one: Literal, { proxy, mutual, outside }: Caller): boolean | undefined {
  const ofMutualTls = ['source namespace', 'source principal', 'sni between proxies'].includes(one.variable);
  if (!ofMutualTls) return undefined;
  if (!mutual || outside === true) return literalHolds(one, undefined);
  if (one.variable === 'sni between proxies' || proxy.namespace === '') return undefined;
  if (one.variable === 'source namespace') return literalHolds(one, proxy.namespace);
  if (proxy.serviceAccount !== undefined)
    return literalHolds(one, `cluster.local/ns/${proxy.namespace}/sa/${proxy.serviceAccount}`);
  return undefined;
}

/** The result of the steps for one request; unknown properties of the request can make it unknown. */
export function verdictOf(
  all: readonly Step[],
  valuation: Valuation,
  isOpen: (variable: string) => boolean,
): PolicyVerdict {
  for (const { when, verdict } of all) {
    const known = when.filter(({ variable }) => !isOpen(variable));
    if (!known.every((one) => literalHolds(one, valuation(one.variable)))) continue;
    if (known.length === when.length) return verdict;
    const open = conditionWords(when.filter(({ variable }) => isOpen(variable)));
    const by = verdict.rule === undefined ? 'an AuthorizationPolicy' : title2(verdict.rule);
    return { unknown: `${by} depends on whether ${open}, which the request does not show` };
  }
  return {};
}

function title2({ kind, namespace, name }: RuleRef): string {
  return `${kind} ${namespace}/${name}`;
}

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
        unknown = `the route changes the ${one.variable}, which ${verdict.rule === undefined ? 'an AuthorizationPolicy' : title2(verdict.rule)} asks for`;
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

/** Key of the verdict of some steps in a route. */
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
