import { attachmentProblems } from '../parts/attachment';
import { durationProblems } from '../parts/durations';
import { strictHeaderProblems } from '../parts/headers';
import { jwksProblems } from '../parts/jwks';
import type { Place } from '../place';
import { error, shown, when, type SchemaProblem } from '../problem';

export function requestAuthenticationProblems(spec: Place): SchemaProblem[] {
  return [...attachmentProblems(spec), ...spec.at('jwtRules').items.flatMap(jwtRuleProblems)];
}

function jwtRuleProblems(rule: Place): SchemaProblem[] {
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
    ...when(uri.text !== '' && !isHttpUrl(uri.text), () => error(uri, `${shown(uri)} is no URL with http or https`)),
    ...jwksProblems(rule.at('jwks')),
    ...places.filter(({ text }) => text === '').map((place) => error(place, 'must not be empty')),
    ...rule.at('outputClaimToHeaders').items.flatMap(outputProblems),
    ...durationProblems(rule.at('timeout')),
  ];
}

function outputProblems(output: Place): SchemaProblem[] {
  const empty = ['claim', 'header'].map((field) => output.at(field)).filter(({ text }) => text === '');
  if (empty.length > 0) return empty.map((place) => error(place, 'is required, and must not be empty'));
  return strictHeaderProblems(output.at('header'));
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}
