import type { Place } from '../place';
import { error, shown, when, type SchemaProblem } from '../problem';
import { gatewayNamesProblems } from './gateway-names';
import { matchedHeaderProblems } from './headers';
import { isDnsLabel } from './hosts';
import { labelsProblems } from './labels';
import { optionalPortProblems } from './numbers';
import { regexProblems, stringMatchProblems } from './regex';

export function httpMatchProblems(match: Place): SchemaProblem[] {
  const { uri, sourceNamespace } = { uri: match.at('uri'), sourceNamespace: match.at('sourceNamespace') };
  return [
    ...match
      .at('headers')
      .entries.flatMap(({ key, place }) => [...matchedHeaderProblems(key, place), ...stringMatchProblems(place)]),
    // "*" stands for "the header is there" and is no regex.
    ...match
      .at('withoutHeaders')
      .entries.flatMap(({ key, place }) => [
        ...matchedHeaderProblems(key, place),
        ...(place.at('regex').text === '*' ? [] : stringMatchProblems(place)),
      ]),
    ...match.at('queryParams').entries.flatMap(({ place }) => stringMatchProblems(place)),
    // An empty uri prefix is allowed: it is every path.
    ...(uri.at('regex').isSet ? regexProblems(uri.at('regex')) : []),
    ...['scheme', 'method', 'authority'].flatMap((field) => stringMatchProblems(match.at(field))),
    ...optionalPortProblems(match.at('port')),
    ...labelsProblems(match.at('sourceLabels')),
    ...gatewayNamesProblems(match.at('gateways')),
    ...when(sourceNamespace.text !== '' && !isDnsLabel(sourceNamespace.text), () =>
      error(sourceNamespace, `${shown(sourceNamespace)} is no namespace`),
    ),
  ];
}
