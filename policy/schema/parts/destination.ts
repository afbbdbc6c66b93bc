import type { Place } from '../place';
import { error, shown, when, type SchemaProblem } from '../problem';
import { isDnsLabel, wildcardDomainProblems } from './hosts';
import { portProblems } from './numbers';

/** A Destination that must be there. */
export function requiredDestinationProblems(parent: Place): SchemaProblem[] {
  const destination = parent.at('destination');
  return destination.isSet ? destinationProblems(destination) : [error(destination, 'a destination is required')];
}

/** A Destination, if there is one. */
export function destinationProblems(destination: Place): SchemaProblem[] {
  if (!destination.isSet) return [];
  const { host, subset, port } = {
    host: destination.at('host'),
    subset: destination.at('subset'),
    port: destination.at('port'),
  };
  return [
    ...(host.text === '*' ? [error(host, '"*" is every host; a destination is one')] : wildcardDomainProblems(host)),
    ...when(subset.text !== '' && !isDnsLabel(subset.text), () =>
      error(subset, `${shown(subset)} is no subset name; allowed are letters, digits and inner hyphens, at most 63`),
    ),
    ...(port.isSet ? portProblems(port.at('number')) : []),
  ];
}
