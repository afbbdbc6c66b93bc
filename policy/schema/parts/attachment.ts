import type { Place } from '../place';
import { error, shown, when, type SchemaProblem } from '../problem';
import { selectorProblems } from './labels';

/** What a policy may be attached to, by API group. */
const targets: [group: string, kind: string][] = [
  ['', 'Service'],
  ['core', 'Service'],
  ['networking.istio.io', 'ServiceEntry'],
  ['gateway.networking.k8s.io', 'Gateway'],
  ['gateway.networking.k8s.io', 'GatewayClass'],
];

/** What a policy holds for: one of `selector`, `targetRef` and `targetRefs`. */
export function attachmentProblems(spec: Place): SchemaProblem[] {
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

function targetProblems(target: Place): SchemaProblem[] {
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
        `${group === '' ? 'core' : group}/${kind} is no target for a policy; allowed are Service, ServiceEntry, and Gateway and GatewayClass of gateway.networking.k8s.io`,
      ),
    ),
  ];
}
