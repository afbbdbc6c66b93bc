import type { Place } from '../place';
import { error, shown, warning, when, type SchemaProblem } from '../problem';
import { durationProblems } from './durations';
import { localityProblems } from './locality';

/** Envoy's largest Maglev table. */
const largestTable = 5000011;

export function loadBalancerProblems(settings: Place, outlierDetection: Place): SchemaProblem[] {
  if (!settings.isSet) return [];
  return [
    ...consistentHashProblems(settings.at('consistentHash')),
    ...localityProblems(settings.at('localityLbSetting'), outlierDetection),
    ...warmupProblems(settings.at('warmup')),
    ...when(settings.at('warmupDurationSecs').isSet, () =>
      warning(settings.at('warmupDurationSecs'), 'is deprecated; use warmup: {duration: …}'),
    ),
  ];
}

function consistentHashProblems(hash: Place): SchemaProblem[] {
  const { cookie, ring, maglev } = {
    cookie: hash.at('httpCookie'),
    ring: hash.at('minimumRingSize'),
    maglev: hash.at('maglev'),
  };
  const algorithm = maglev.isSet || hash.at('ringHash').isSet;
  const table = maglev.at('tableSize');
  const names = cookie.at('attributes').items.map((attribute) => attribute.at('name'));
  return [
    ...when(cookie.isSet && cookie.at('name').text === '', () => error(cookie.at('name'), 'a cookie needs a name')),
    ...names.flatMap((name, index) => [
      ...when(name.text === '', () => error(name, 'an attribute of a cookie needs a name')),
      ...when(name.text !== '' && names.findIndex(({ text }) => text === name.text) < index, () =>
        error(name, `${shown(name)} is there twice`),
      ),
    ]),
    ...when(ring.isSet && algorithm, () => error(ring, 'cannot be set together with ringHash or maglev')),
    ...when(ring.isSet, () => warning(ring, 'is deprecated; use ringHash: {minimumRingSize: …}')),
    ...when(maglev.isSet && !(table.number < largestTable && isPrime(table.number)), () =>
      error(
        table,
        `${table.isSet ? shown(table) : 'nothing'} is no table size; allowed are prime numbers below ${largestTable}`,
      ),
    ),
  ];
}

function warmupProblems(warmup: Place): SchemaProblem[] {
  if (!warmup.isSet) return [];
  const { duration, percent, aggression } = {
    duration: warmup.at('duration'),
    percent: warmup.at('minimumPercent'),
    aggression: warmup.at('aggression'),
  };
  return [
    ...when(!duration.isSet, () => error(duration, 'is required')),
    ...durationProblems(duration),
    ...when(percent.number > 100, () => error(percent, `${shown(percent)} is no percentage; allowed are 0 to 100`)),
    ...when(aggression.isSet && aggression.number < 1, () =>
      error(aggression, `${shown(aggression)} is too small; allowed are numbers from 1`),
    ),
  ];
}

function isPrime(number: number): boolean {
  if (number < 2) return false;
  for (let factor = 2; factor * factor <= number; factor++) if (number % factor === 0) return false;
  return true;
}
