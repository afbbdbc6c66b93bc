import { connectionPoolProblems } from '../parts/connection-pool';
import { destinationProblems } from '../parts/destination';
import { fqdnProblems } from '../parts/hosts';
import { selectorProblems } from '../parts/labels';
import { egressProblems, ingressProblems } from '../parts/sidecar-listeners';
import type { Place } from '../place';
import { error, when, type SchemaProblem } from '../problem';

const parts = ['ingress', 'egress', 'outboundTrafficPolicy', 'inboundConnectionPool'];

export function sidecarProblems(spec: Place, namespace: string): SchemaProblem[] {
  const empty =
    spec.at('ingress').size + spec.at('egress').size === 0 &&
    !spec.at('outboundTrafficPolicy').isSet &&
    !spec.at('inboundConnectionPool').isSet;
  return [
    ...selectorProblems(spec.at('workloadSelector'), 'labels'),
    ...when(empty, () => error(spec, `a Sidecar needs at least one of ${parts.join(', ')}`)),
    ...ingressProblems(spec.at('ingress')),
    ...connectionPoolProblems(spec.at('inboundConnectionPool')),
    ...egressProblems(spec.at('egress'), namespace),
    ...outboundProblems(spec.at('outboundTrafficPolicy')),
  ];
}

/** REGISTRY_ONLY is the default. */
function outboundProblems(policy: Place): SchemaProblem[] {
  const proxy = policy.at('egressProxy');
  if (!proxy.isSet) return [];
  if (policy.at('mode').text !== 'ALLOW_ANY') return [error(proxy, 'is for mode ALLOW_ANY')];
  if (!proxy.at('port').isSet) return [...fqdnProblems(proxy.at('host')), error(proxy.at('port'), 'is required')];
  const host = fqdnProblems(proxy.at('host'));
  return [
    ...host,
    ...destinationProblems(proxy).filter(({ path }) => host.length === 0 || path !== proxy.at('host').path),
  ];
}
