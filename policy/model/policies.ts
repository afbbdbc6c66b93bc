import { asMap, asName, asNumber, isMap, type JsonMap } from '../../mesh/model/json';
import { records } from './read';
import type { HostRule } from './host-rules';

/** A traffic policy of a DestinationRule: of the whole host, of a port, or of a subset. */
export interface PlacedPolicy {
  policy: JsonMap;
  /** E.g. `spec.trafficPolicy.portLevelSettings[0]`. */
  path: string;
  /** Port that it is for; undefined for all that have none of their own. */
  port: number | undefined;
  subset: string | undefined;
}

/** Every traffic policy that a rule states, at whatever level. */
export function policiesOf(rule: HostRule): PlacedPolicy[] {
  const own = rule.trafficPolicy === undefined ? [] : levels(rule.trafficPolicy, 'spec.trafficPolicy', undefined);
  return [
    ...own,
    ...rule.subsets.flatMap(({ name, path, trafficPolicy }) =>
      trafficPolicy === undefined ? [] : levels(trafficPolicy, `${path}.trafficPolicy`, name),
    ),
  ];
}

function levels(policy: JsonMap, path: string, subset: string | undefined): PlacedPolicy[] {
  const ports = records(policy['portLevelSettings']).map(({ at, item }) => ({
    policy: item,
    path: `${path}.portLevelSettings[${at}]`,
    port: asNumber(asMap(item['port'])['number']),
    subset,
  }));
  return [{ policy, path, port: undefined, subset }, ...ports];
}

/** The TLS mode that a policy states; DISABLE when it has `tls` without a mode, which is the zero value of the field. */
export function tlsMode(policy: JsonMap): string | undefined {
  return isMap(policy['tls']) ? (asName(policy['tls']['mode']) ?? 'DISABLE') : undefined;
}
