import type { Place } from '../place';
import { error, shown, when, type SchemaProblem } from '../problem';

/** A port that must be there. */
export function portProblems(place: Place): SchemaProblem[] {
  const { number } = place;
  return when(!(number >= 1 && number <= 65535), () =>
    error(place, `${place.isSet ? shown(place) : 'nothing'} is no port; allowed are 1 to 65535`),
  );
}

/** A port where 0 and nothing mean "any". */
export function optionalPortProblems(place: Place): SchemaProblem[] {
  return place.number === 0 ? [] : portProblems(place);
}

/** A whole percentage where nothing means the default. */
export function percentProblems(place: Place): SchemaProblem[] {
  const { number } = place;
  return when(number < 0 || number > 100, () => error(place, `${shown(place)} is no percentage; allowed are 0 to 100`));
}

/** The Percent of a fault: 0, or at least the one in a million that Envoy can tell apart. */
export function finePercentProblems(place: Place): SchemaProblem[] {
  const { number } = place.at('value');
  const fine = number === 0 || (number >= 0.0001 && number <= 100);
  return when(!fine, () =>
    error(place.at('value'), `${shown(place.at('value'))} is no percentage; allowed are 0 and 0.0001 to 100`),
  );
}

export function notNegative(place: Place): SchemaProblem[] {
  return when(place.number < 0, () => error(place, `${shown(place)} must not be negative`));
}

/** A status code that Envoy can answer with. istiod takes 600, too. */
export function httpStatusProblems(place: Place): SchemaProblem[] {
  const { number } = place;
  return when(!(number >= 200 && number <= 600), () =>
    error(
      place,
      `${place.isSet ? shown(place) : 'nothing'} is no HTTP status that can be answered; allowed are 200 to 599`,
    ),
  );
}
