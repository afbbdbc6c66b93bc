import type { Place } from '../place';
import { error, shown, when, type SchemaProblem } from '../problem';
import { notEmpty } from './authorization-source';

const ports = ['ports', 'notPorts'];
const paths = ['paths', 'notPaths'];
const others = ['methods', 'notMethods', 'hosts', 'notHosts'];
const all = [...ports, ...paths, ...others];

/** Fields that also hold for plain TCP connections. */
export const tcpOperationFields: readonly string[] = ports;

export function operationProblems(to: Place): SchemaProblem[] {
  const operation = to.at('operation');
  if (!operation.isSet) return [error(operation, 'is required')];
  return [
    ...when(!all.some((field) => operation.at(field).size > 0), () =>
      error(operation, `an operation needs at least one of ${all.join(', ')}`),
    ),
    ...ports.flatMap((field) => operation.at(field).items.flatMap(portTextProblems)),
    ...paths.flatMap((field) =>
      operation.at(field).items.flatMap((path) => [...notEmpty(path), ...templateProblems(path)]),
    ),
    ...others.flatMap((field) => operation.at(field).items.flatMap(notEmpty)),
  ];
}

/** A port, written as text. */
export function portTextProblems(place: Place): SchemaProblem[] {
  return when(!/^\d+$/.test(place.text) || Number(place.text) > 65535, () =>
    error(place, `${shown(place)} is no port; allowed are 0 to 65535`),
  );
}

/** A path may have the segments {*}, which is one, and {**}, which is any number and comes last of both. */
function templateProblems(path: Place): SchemaProblem[] {
  const segments = path.text.replace(/^\/+|\/+$/g, '').split('/');
  const rest = segments.indexOf('{**}');
  const templates = segments.filter(isTemplate);
  const late = rest >= 0 && segments.slice(rest + 1).some(isTemplate);
  const bad = segments.find(
    (segment) =>
      !isTemplate(segment) &&
      (/[{}]/.test(segment) || (templates.length > 0 && !/^[-a-zA-Z0-9._~%!$&'()+,;:@=]+$/.test(segment))),
  );
  return [
    ...when(late, () => error(path, `${shown(path)}: no {*} or {**} may follow {**}`)),
    ...when(bad !== undefined, () =>
      error(
        path,
        `${shown(path)}: the segment "${bad ?? ''}" is not allowed; templates are {*} and {**} as whole segments`,
      ),
    ),
  ];
}

function isTemplate(segment: string): boolean {
  return segment === '{*}' || segment === '{**}';
}
