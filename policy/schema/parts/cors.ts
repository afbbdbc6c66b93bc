import type { Place } from '../place';
import { error, shown, warning, when, type SchemaProblem } from '../problem';
import { durationProblems, parseDuration } from './durations';
import { corsHeaderProblems } from './headers';
import { regexProblems } from './regex';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', '*'];

export function corsProblems(policy: Place): SchemaProblem[] {
  if (!policy.isSet) return [];
  const { allowOrigin, maxAge } = { allowOrigin: policy.at('allowOrigin'), maxAge: policy.at('maxAge') };
  const wholeSeconds = (parseDuration(maxAge.text) ?? 0) % 1000 === 0;
  return [
    ...policy.at('allowOrigins').items.flatMap(originProblems),
    ...policy
      .at('allowMethods')
      .items.flatMap((method) =>
        when(!methods.includes(method.text), () =>
          error(method, `${shown(method)} is no HTTP method; allowed are ${methods.join(', ')}`),
        ),
      ),
    ...[...policy.at('allowHeaders').items, ...policy.at('exposeHeaders').items].flatMap(corsHeaderProblems),
    ...durationProblems(maxAge),
    ...when(!wholeSeconds, () => error(maxAge, `${shown(maxAge)} is too fine; the age must be whole seconds`)),
    ...when(allowOrigin.isSet, () => warning(allowOrigin, 'is deprecated; use allowOrigins: [{exact: …}]')),
  ];
}

function originProblems(origin: Place): SchemaProblem[] {
  const match = ['exact', 'prefix', 'regex'].map((kind) => origin.at(kind)).find(({ isSet }) => isSet);
  if (match === undefined || match.text === '')
    return [error(origin, 'an origin must be stated: exact, prefix or regex, not empty')];
  return origin.at('regex').isSet ? regexProblems(match) : [];
}
