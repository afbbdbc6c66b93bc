import type { Place } from '../place';
import { error, warning, when, type SchemaProblem } from '../problem';

const name = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const prefix = /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*$/;

/** Labels as Kubernetes takes them. */
export function labelsProblems(place: Place): SchemaProblem[] {
  return place.entries.flatMap(({ key, place: value }) => [
    ...when(!isLabelKey(key), () =>
      error(
        value,
        `"${key}" is no label key; allowed are letters, digits, "-", "_" and "." with an optional DNS prefix and "/"`,
      ),
    ),
    ...when(value.text !== '' && !name.test(value.text), () =>
      error(value, `"${value.text}" is no label value; allowed are letters, digits, "-", "_" and "."`),
    ),
  ]);
}

/**
 * A workload selector. Istio compares labels literally, so a `*` would never match.
 * @param field - `matchLabels`, or `labels` in the older kinds
 */
export function selectorProblems(selector: Place, field: 'matchLabels' | 'labels'): SchemaProblem[] {
  if (!selector.isSet) return [];
  const labels = selector.at(field);
  return [
    ...labels.entries.flatMap(({ key, place }) => [
      ...when(key === '', () => error(place, 'a selector must not have an empty key')),
      ...when(key.includes('*') || place.text.includes('*'), () =>
        error(place, 'a selector must not have a "*"; Istio would take it literally'),
      ),
    ]),
    ...when(labels.size === 0, () =>
      warning(selector, 'a selector without labels selects every workload of the namespace; leave it out to say so'),
    ),
  ];
}

function isLabelKey(key: string): boolean {
  const slash = key.lastIndexOf('/');
  const own = key.slice(slash + 1);
  if (own.length > 63 || !name.test(own)) return false;
  return slash < 0 || (slash <= 253 && prefix.test(key.slice(0, slash)));
}
