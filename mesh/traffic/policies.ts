import { asList, asMap, asName, type JsonMap } from '../json';
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
import { type Literal, literalHolds, type Valuation } from './conditions';
import type { RuleRef } from './outcome';
import type { Proxy } from './request';
import type { PolicyVerdict } from './rules/routes';
import { conditionWords, title } from './words';

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

export function isPlainAllow(step: Step | undefined): boolean {
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
    const by = verdict.rule === undefined ? 'an AuthorizationPolicy' : title(verdict.rule);
    return { unknown: `${by} depends on whether ${open}, which the request does not show` };
  }
  return {};
}
