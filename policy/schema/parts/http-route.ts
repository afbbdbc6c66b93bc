import type { Place } from '../place';
import { error, shown, warning, when, type SchemaProblem } from '../problem';
import { corsProblems } from './cors';
import { destinationProblems, requiredDestinationProblems } from './destination';
import { directResponseProblems, redirectProblems, rewriteProblems } from './http-actions';
import { durationProblems } from './durations';
import { faultProblems } from './fault';
import { headersProblems, isAuthority } from './headers';
import { httpMatchProblems } from './http-match';
import { retriesProblems } from './retries';

/**
 * One rule of a VirtualService's `http`.
 * @param inDelegate - whether the VirtualService has no hosts of its own and other ones delegate to it
 */
export function httpRouteProblems(route: Place, inDelegate: boolean): SchemaProblem[] {
  return [
    ...actionProblems(route, inDelegate),
    ...route.at('match').items.flatMap(httpMatchProblems),
    ...headersProblems(route.at('headers')),
    ...corsProblems(route.at('corsPolicy')),
    ...faultProblems(route.at('fault')),
    ...mirrorProblems(route),
    ...redirectProblems(route.at('redirect')),
    ...directResponseProblems(route.at('directResponse')),
    ...retriesProblems(route.at('retries')),
    ...rewriteProblems(route.at('rewrite')),
    ...authorityProblems(route),
    ...route
      .at('route')
      .items.flatMap((destination) => [
        ...requiredDestinationProblems(destination),
        ...headersProblems(destination.at('headers')),
      ]),
    ...durationProblems(route.at('timeout')),
  ];
}

/** What a rule does: exactly one of delegate, redirect, directResponse and route, and what goes with it. */
function actionProblems(route: Place, inDelegate: boolean): SchemaProblem[] {
  const set = (field: string): boolean => route.at(field).isSet;
  if (set('delegate') && !inDelegate) {
    return ['redirect', 'route']
      .filter(set)
      .map((field) => error(route.at(field), 'a rule that delegates must not have it, the delegate decides'));
  }
  const problems = when(set('delegate'), () => error(route.at('delegate'), 'a delegate cannot delegate again'));
  const answer = ['redirect', 'directResponse'].find(set);
  if (answer === undefined) {
    problems.push(
      ...when(route.at('route').size === 0, () =>
        error(route, 'one of route, redirect and directResponse is required'),
      ),
    );
  } else {
    const excluded = ['route', 'fault', 'rewrite', 'directResponse'].filter(
      (field) => field !== answer && (field === 'route' ? route.at(field).size > 0 : set(field)),
    );
    problems.push(...excluded.map((field) => error(route.at(field), `cannot be set together with ${answer}`)));
  }
  const mirrored = set('mirror') && route.at('mirrors').size > 0;
  return [
    ...problems,
    ...when(mirrored, () => error(route.at('mirrors'), 'only one of mirror and mirrors can be set')),
  ];
}

function mirrorProblems(route: Place): SchemaProblem[] {
  const old = route.at('mirrorPercent').isSet ? route.at('mirrorPercent') : route.at('mirror_percent');
  return [
    ...destinationProblems(route.at('mirror')),
    ...mirrorPercentProblems(route.at('mirrorPercentage', 'value')),
    ...route
      .at('mirrors')
      .items.flatMap((mirror) => [
        ...requiredDestinationProblems(mirror),
        ...mirrorPercentProblems(mirror.at('percentage', 'value')),
      ]),
    ...when(old.number > 100, () => error(old, `${shown(old)} is no percentage; allowed are 0 to 100`)),
    ...when(old.isSet, () => warning(old, 'is deprecated; use mirrorPercentage: {value: …}')),
  ];
}

function mirrorPercentProblems(value: Place): SchemaProblem[] {
  return when(value.number < 0 || value.number > 100, () =>
    error(value, `${shown(value)} is no percentage; allowed are 0 to 100`),
  );
}

/** Only one thing may write the authority of a request. */
function authorityProblems(route: Place): SchemaProblem[] {
  const headers = ['set', 'add']
    .flatMap((operation) => route.at('headers', 'request', operation).entries)
    .filter(({ key }) => isAuthority(key));
  const writers = [route.at('rewrite', 'authority'), ...headers.map(({ place }) => place)].filter(
    ({ text }) => text !== '',
  );
  return writers
    .slice(1)
    .map((place) => error(place, `the authority is written already, at ${writers[0]?.path ?? ''}`));
}
