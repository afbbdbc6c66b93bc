import { selectorProblems } from '../parts/labels';
import type { Place } from '../place';
import { error, when, type SchemaProblem } from '../problem';

export function peerAuthenticationProblems(spec: Place): SchemaProblem[] {
  const { selector, ports } = { selector: spec.at('selector'), ports: spec.at('portLevelMtls') };
  const everyWorkload = selector.at('matchLabels').size === 0;
  return [
    ...selectorProblems(selector, 'matchLabels'),
    ...when(ports.isSet && ports.size === 0, () => error(ports, 'needs at least one port; leave it out to have none')),
    ...when(ports.size > 0 && everyWorkload, () =>
      error(ports, 'needs a selector with labels: ports differ from workload to workload'),
    ),
    ...ports.entries.flatMap(({ key, place }) =>
      when(!isPort(key), () => error(place, `"${key}" is no port; allowed are 1 to 65535`)),
    ),
  ];
}

function isPort(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65535;
}
