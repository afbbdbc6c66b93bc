import { attachmentProblems, selectorProblems } from '../parts/names';
import { durationProblems } from '../parts/values';
import { strictHeaderProblems } from '../parts/http-actions';
import { type FieldPlace, error, shown, when, type SchemaProblem, warning } from '../place';

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
