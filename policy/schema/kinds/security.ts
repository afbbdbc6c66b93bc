import {
  conditionProblems,
  operationProblems,
  sourceProblems,
  tcpOperationFields,
  tcpSourceFields,
} from '../parts/authorization';
import { strictHeaderProblems } from '../parts/http-actions';
import { attachmentProblems, selectorProblems } from '../parts/names';
import { durationProblems } from '../parts/values';
import { error, type FieldPlace, type SchemaProblem, shown, warning, when } from '../place';

export function requestAuthenticationProblems(spec: FieldPlace): SchemaProblem[] {
  return [...attachmentProblems(spec), ...spec.at('jwtRules').items.flatMap(jwtRuleProblems)];
}

function jwtRuleProblems(rule: FieldPlace): SchemaProblem[] {
  const { issuer, uri } = {
    issuer: rule.at('issuer'),
    uri: rule.at('jwksUri').isSet ? rule.at('jwksUri') : rule.at('jwks_uri'),
  };
  const places = [
    ...rule.at('fromHeaders').items.map((header) => header.at('name')),
    ...['audiences', 'fromParams', 'fromCookies'].flatMap((field) => rule.at(field).items),
  ];
  return [
    ...when(issuer.text === '' && uri.text === '', () => error(rule, 'a JWT rule needs an issuer or a jwksUri')),
    ...when(uri.text !== '' && !isHttpUrl(uri.text), () => error(uri, `${shown(uri)} is not a URL with http or https`)),
    ...jwksProblems(rule.at('jwks')),
    ...places.filter(({ text }) => text === '').map((place) => error(place, 'must not be empty')),
    ...rule.at('outputClaimToHeaders').items.flatMap(outputProblems),
    ...durationProblems(rule.at('timeout')),
  ];
}

function outputProblems(output: FieldPlace): SchemaProblem[] {
  const empty = ['claim', 'header'].map((field) => output.at(field)).filter(({ text }) => text === '');
  if (empty.length > 0) return empty.map((place) => error(place, 'is required, and must not be empty'));
  return strictHeaderProblems(output.at('header'));
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

/** Members of a JWK that only its owner may know (RFC 7518): private parts of RSA, EC and OKP keys, and symmetric keys. */
const privateMembers = ['d', 'k'];

/** An inline key set. Its value is never shown. */
function jwksProblems(jwks: FieldPlace): SchemaProblem[] {
  if (jwks.text === '') return [];
  const keys = keysOf(jwks.text);
  if (keys === undefined) return [error(jwks, 'is not a JSON Web Key Set: {"keys": [{"kty": …}, …]}')];
  return keys.flatMap((key, index) =>
    privateMembers.some((member) => Object.hasOwn(key, member))
      ? [
          warning(
            jwks,
            `key ${index} holds private key material; only public keys are needed, and anyone with read access to this object can see it`,
          ),
        ]
      : [],
  );
}

/** The keys of a set, or the one key that stands alone; undefined for anything else. */
function keysOf(text: string): object[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const keys = (parsed as { keys?: unknown }).keys ?? [parsed];
  return Array.isArray(keys) && keys.every(isKey) ? keys : undefined;
}

function isKey(key: unknown): key is object {
  return typeof key === 'object' && key !== null && typeof (key as { kty?: unknown }).kty === 'string';
}

export function peerAuthenticationProblems(spec: FieldPlace): SchemaProblem[] {
  const { selector, ports } = { selector: spec.at('selector'), ports: spec.at('portLevelMtls') };
  const everyWorkload = selector.at('matchLabels').size === 0;
  return [
    ...selectorProblems(selector, 'matchLabels'),
    ...when(ports.isSet && ports.size === 0, () => error(ports, 'needs at least one port; leave it out for none')),
    ...when(ports.size > 0 && everyWorkload, () =>
      error(ports, 'needs a selector with labels: ports differ from workload to workload'),
    ),
    ...ports.entries.flatMap(({ key, place }) =>
      when(!isPort(key), () => error(place, `"${key}" is not a port; allowed are 1 to 65535`)),
    ),
  ];
}

function isPort(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65535;
}

/** The default action of an AuthorizationPolicy. */
const defaultAction = 'ALLOW';

export function authorizationPolicyProblems(spec: FieldPlace): SchemaProblem[] {
  const action = spec.at('action').isSet ? spec.at('action').text : defaultAction;
  const { rules, provider } = { rules: spec.at('rules'), provider: spec.at('provider') };
  const custom = action === 'CUSTOM';
  const unnamed = custom && rules.size > 0 && provider.at('name').text === '';
  return [
    ...attachmentProblems(spec),
    ...when(rules.size === 0 && ['DENY', 'CUSTOM'].includes(action), () =>
      error(
        rules,
        `action ${action} without rules never applies; an empty rule, rules: [{}], applies to every request`,
      ),
    ),
    ...when(unnamed, () => error(provider.at('name'), 'action CUSTOM needs the name of an extension provider')),
    ...when(provider.isSet && !custom, () => error(provider, `is for action CUSTOM; the action is ${action}`)),
    ...rules.items.flatMap((rule) => ruleProblems(rule, action)),
  ];
}

function ruleProblems(rule: FieldPlace, action: string): SchemaProblem[] {
  const { from, to, conditions } = { from: rule.at('from'), to: rule.at('to'), conditions: rule.at('when') };
  const custom = action === 'CUSTOM';
  return [
    ...from.items.flatMap((one) => sourceProblems(one, custom)),
    ...to.items.flatMap(operationProblems),
    ...conditions.items.flatMap((one) => conditionProblems(one, custom)),
    ...(action === 'DENY' ? httpOnlyProblems(rule) : []),
  ];
}

/** On a TCP port HTTP attributes are unknown, and DENY rules deny what is unknown. */
function httpOnlyProblems(rule: FieldPlace): SchemaProblem[] {
  const sources = rule
    .at('from')
    .items.map((one) => one.at('source'))
    .filter(({ isSet }) => isSet);
  const operations = rule
    .at('to')
    .items.map((one) => one.at('operation'))
    .filter(({ isSet }) => isSet);
  const tcpSource = sources.some((source) => tcpSourceFields.some((field) => source.at(field).isSet));
  const tcpOperation = operations.some((operation) => tcpOperationFields.some((field) => operation.at(field).isSet));
  const deniesTcp = operations.length > 0 ? !tcpOperation : sources.length > 0 && !tcpSource;
  return when(deniesTcp, () =>
    warning(rule, 'denies every connection to TCP ports, because it uses HTTP attributes only; add to.operation.ports'),
  );
}

/** The annotation for a dry run of a policy: only with ALLOW and DENY, and only a boolean. */
export function dryRunProblems(annotation: FieldPlace, spec: FieldPlace): SchemaProblem[] {
  const action = spec.at('action').isSet ? spec.at('action').text : defaultAction;
  if (!['ALLOW', 'DENY'].includes(action))
    return [error(annotation, `is for actions ALLOW and DENY; the action is ${action}`)];
  const fine = /^(1|0|t|f|T|F|true|false|TRUE|FALSE|True|False)$/.test(annotation.text);
  return when(!fine, () => error(annotation, `${shown(annotation)} is neither true nor false`));
}
