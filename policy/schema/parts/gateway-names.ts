import type { Place } from '../place';
import { error, shown, warning, type SchemaProblem } from '../problem';
import { fqdnProblems, isDnsLabel } from './hosts';

/** References to Istio Gateways: `name`, `namespace/name`, or `mesh`. */
export function gatewayNamesProblems(list: Place): SchemaProblem[] {
  return list.items.flatMap(gatewayNameProblems);
}

function gatewayNameProblems(place: Place): SchemaProblem[] {
  const slash = place.text.indexOf('/');
  if (slash < 0) return [...fqdnProblems(place), ...dotted(place)];
  const [namespace, name] = [place.text.slice(0, slash), place.text.slice(slash + 1)];
  if (isDnsLabel(namespace) && isDnsLabel(name)) return [];
  return [
    error(
      place,
      `${shown(place)} is no gateway; write name or namespace/name, each with letters, digits and inner hyphens`,
    ),
  ];
}

function dotted(place: Place): SchemaProblem[] {
  const [name, namespace] = place.text.split('.');
  if (name === undefined || namespace === undefined) return [];
  return [warning(place, `${shown(place)} is the old way to name a gateway; write "${namespace}/${name}"`)];
}
