import { type FieldPlace, error, warning, when, type SchemaProblem, shown } from '../place';
import { isDnsLabel, fqdnProblems } from './hosts';

const name = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const prefix = /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*$/;

/** Labels as Kubernetes takes them. */
export function labelsProblems(place: FieldPlace): SchemaProblem[] {
  return place.entries.flatMap(({ key, place: value }) => [
    ...when(!isLabelKey(key), () =>
      error(
        value,
        `"${key}" is not a label key; allowed are letters, digits, "-", "_" and "." with an optional DNS prefix and "/"`,
      ),
    ),
    ...when(value.text !== '' && !name.test(value.text), () =>
      error(value, `"${value.text}" is not a label value; allowed are letters, digits, "-", "_" and "."`),
    ),
  ]);
}

/**
 * A workload selector. Istio compares labels literally, so a `*` would never match.
 * @param field - `matchLabels`, or `labels` in the older kinds
 */
export function selectorProblems(selector: FieldPlace, field: 'matchLabels' | 'labels'): SchemaProblem[] {
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
      warning(selector, 'a selector without labels selects every workload of the namespace; leave it out'),
    ),
  ];
}

function isLabelKey(key: string): boolean {
  const slash = key.lastIndexOf('/');
  const own = key.slice(slash + 1);
  if (own.length > 63 || !name.test(own)) return false;
  return slash < 0 || (slash <= 253 && prefix.test(key.slice(0, slash)));
}

/** The kinds that a policy may be attached to, by API group. */
const targets: [group: string, kind: string][] = [
  ['', 'Service'],
  ['core', 'Service'],
  ['networking.istio.io', 'ServiceEntry'],
  ['gateway.networking.k8s.io', 'Gateway'],
  ['gateway.networking.k8s.io', 'GatewayClass'],
];

/** The targets of a policy: one of `selector`, `targetRef` and `targetRefs`. */
export function attachmentProblems(spec: FieldPlace): SchemaProblem[] {
  const { selector, targetRef, targetRefs } = {
    selector: spec.at('selector'),
    targetRef: spec.at('targetRef'),
    targetRefs: spec.at('targetRefs'),
  };
  const ways = [selector.isSet, targetRef.isSet, targetRefs.size > 0].filter(Boolean).length;
  return [
    ...when(ways > 1, () => error(spec, 'only one of selector and targetRefs can be set')),
    ...selectorProblems(selector, 'matchLabels'),
    ...[targetRef, ...targetRefs.items].filter(({ isSet }) => isSet).flatMap(targetProblems),
  ];
}

function targetProblems(target: FieldPlace): SchemaProblem[] {
  const [group, kind] = [target.at('group').text, target.at('kind').text];
  const known = targets.some(([knownGroup, knownKind]) => knownGroup === group && knownKind === kind);
  return [
    ...when(target.at('name').text === '', () => error(target.at('name'), 'a target must be named')),
    ...when(target.at('namespace').text !== '', () =>
      error(target.at('namespace'), `${shown(target.at('namespace'))}: a target in another namespace is not supported`),
    ),
    ...when(!known, () =>
      error(
        target,
        `${group === '' ? 'core' : group}/${kind} is not a target for a policy; allowed are Service, ServiceEntry, and Gateway and GatewayClass of gateway.networking.k8s.io`,
      ),
    ),
  ];
}

interface ExportRules {
  /** Namespace of the object; `.` stands for it. */
  namespace: string;
  /** Whether `~`, which hides the object from every namespace, is allowed. Defaults to false. */
  allowNone?: boolean;
  /** Whether only the namespace of the object is allowed, as for a DestinationRule with a workloadSelector. Defaults to false. */
  ownOnly?: boolean;
}

export function exportToProblems(
  list: FieldPlace,
  { namespace, allowNone = false, ownOnly = false }: ExportRules,
): SchemaProblem[] {
  const names = list.items.map(({ text }) => (text === '.' ? namespace : text));
  return [
    ...list.items.flatMap((place, index) => [
      ...when(names.indexOf(names[index] ?? '') < index, () =>
        error(place, `${shown(place)} occurs twice; "." is the namespace of the object, "${namespace}"`),
      ),
      ...when(!isScope(place.text, allowNone), () =>
        error(
          place,
          `${shown(place)} is not a scope; allowed are ".", "*"${allowNone ? ', "~"' : ''} and names of namespaces`,
        ),
      ),
    ]),
    ...when(names.length > 1 && names.includes('*'), () => error(list, '"*" is every namespace and must stand alone')),
    ...when(allowNone && names.length > 1 && names.includes('~'), () =>
      error(list, '"~" hides the object from every namespace and must be the only entry'),
    ),
    ...when(ownOnly && names.some((name) => name !== namespace), () =>
      error(list, 'with a workloadSelector only "." is allowed, the namespace of the object'),
    ),
  ];
}

function isScope(text: string, allowNone: boolean): boolean {
  return text === '.' || text === '*' || (allowNone && text === '~') || isDnsLabel(text);
}

/** References to Istio Gateways: `name`, `namespace/name`, or `mesh`. */
export function gatewayNamesProblems(list: FieldPlace): SchemaProblem[] {
  return list.items.flatMap(gatewayNameProblems);
}

function gatewayNameProblems(place: FieldPlace): SchemaProblem[] {
  const slash = place.text.indexOf('/');
  if (slash < 0) return [...fqdnProblems(place), ...dotted(place)];
  const [namespace, name] = [place.text.slice(0, slash), place.text.slice(slash + 1)];
  if (isDnsLabel(namespace) && isDnsLabel(name)) return [];
  return [
    error(
      place,
      `${shown(place)} is not a gateway; write name or namespace/name, each with letters, digits and inner hyphens`,
    ),
  ];
}

function dotted(place: FieldPlace): SchemaProblem[] {
  const [name, namespace] = place.text.split('.');
  if (name === undefined || namespace === undefined) return [];
  return [warning(place, `${shown(place)} is the old way to name a gateway; write "${namespace}/${name}"`)];
}
