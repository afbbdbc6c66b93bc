import type { Place } from '../place';
import { error, shown, warning, when, type SchemaProblem } from '../problem';

const topologyLabels = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone'];

/** Where requests go by region, zone and subzone. */
export function localityProblems(setting: Place, outlierDetection: Place): SchemaProblem[] {
  const { distribute, failover, priority } = {
    distribute: setting.at('distribute'),
    failover: setting.at('failover'),
    priority: setting.at('failoverPriority'),
  };
  if (distribute.size > 0 && failover.size > 0)
    return [error(setting, 'only one of distribute and failover can be set')];
  const topology = failover.size > 0 ? priority.items.filter(({ text }) => topologyLabels.includes(text)) : [];
  const failsOver = failover.size > 0 || priority.size > 0;
  return [
    ...topology.map((label) =>
      error(label, `${shown(label)} cannot be a priority together with failover, which orders by it already`),
    ),
    ...distribute.items.flatMap(distributionProblems),
    ...overlaps(distribute.items.map((one) => one.at('from'))),
    ...failover.items.flatMap(failoverProblems),
    ...when(failsOver && !outlierDetection.isSet, () =>
      warning(setting, 'failover never happens without outlierDetection, which finds out that hosts fail'),
    ),
  ];
}

function distributionProblems(distribution: Place): SchemaProblem[] {
  const shares = distribution.at('to').entries.map(({ place }) => place);
  const bad = shares.filter(({ number }) => !(number >= 1 && number <= 100));
  if (bad.length > 0) return bad.map((share) => error(share, `${shown(share)} is no share; allowed are 1 to 100`));
  const sum = shares.reduce((total, { number }) => total + number, 0);
  return [
    ...when(sum !== 100, () => error(distribution.at('to'), `the shares sum to ${sum}; they must sum to 100`)),
    ...overlaps(distribution.at('to').entries.map(({ key, place }) => ({ text: key, path: place.path }))),
  ];
}

function failoverProblems(failover: Place): SchemaProblem[] {
  const { from, to } = { from: failover.at('from'), to: failover.at('to') };
  const bad = [from, to].filter(({ text }) => /[/*]/.test(text));
  return [
    ...bad.map((place) => error(place, `${shown(place)} is no region; zones and "*" are not allowed here`)),
    ...when(from.text === to.text, () => error(failover, `from and to are the same region, ${shown(from)}`)),
  ];
}

/** Localities, `region[/zone[/subzone]]` with an optional last `*`, of which none may lie in another. */
function overlaps(places: Pick<Place, 'text' | 'path'>[]): SchemaProblem[] {
  return places.flatMap(({ text, path }, index): SchemaProblem[] => {
    const problem = (message: string): SchemaProblem[] => [
      { path, message: `"${text}" ${message}`, severity: 'error' },
    ];
    if (text.split('/').includes(''))
      return problem('is no locality; write region, region/zone or region/zone/subzone');
    if (/\*./.test(text)) return problem('is no locality; a "*" may only stand at the end');
    const earlier = places.slice(0, index).find((other) => isWithin(text, other.text) || isWithin(other.text, text));
    return earlier === undefined ? [] : problem(`overlaps with "${earlier.text}"`);
  });
}

function isWithin(inner: string, outer: string): boolean {
  const parts = outer
    .replace(/\/?\*$/, '')
    .split('/')
    .filter((part) => part !== '');
  return parts.every((part, index) => inner.split('/', 3)[index] === part);
}
