import type { Place } from '../place';
import { error, shown, when, type SchemaProblem } from '../problem';
import { isIpAddress } from './addresses';
import { clientTlsProblems } from './client-tls';
import { connectionPoolProblems } from './connection-pool';
import { whyNoFqdn } from './hosts';
import { loadBalancerProblems } from './load-balancer';
import { portProblems } from './numbers';
import { outlierDetectionProblems } from './outlier-detection';

const perPort = ['outlierDetection', 'connectionPool', 'loadBalancer', 'tls'];
const whole = [...perPort, 'portLevelSettings', 'tunnel', 'proxyProtocol', 'retryBudget'];

/** The policy of a host or of a subset. */
export function trafficPolicyProblems(policy: Place): SchemaProblem[] {
  if (!policy.isSet) return [];
  if (!whole.some((field) => policy.at(field).isSet))
    return [error(policy, `a traffic policy needs at least one of ${whole.join(', ')}`)];
  const both = policy.at('tunnel').isSet && policy.at('proxyProtocol').isSet;
  return [
    ...when(both, () => error(policy, 'only one of tunnel and proxyProtocol can be set')),
    ...settingsProblems(policy),
    ...policy.at('portLevelSettings').items.flatMap(portPolicyProblems),
    ...tunnelProblems(policy.at('tunnel')),
  ];
}

function portPolicyProblems(policy: Place): SchemaProblem[] {
  const port = policy.at('port');
  const empty = !perPort.some((field) => policy.at(field).isSet);
  return [
    ...when(!port.isSet, () => error(port, 'is required: the policy is for one port')),
    ...when(empty, () => error(policy, `the policy of a port needs at least one of ${perPort.join(', ')}`)),
    ...settingsProblems(policy),
  ];
}

/** What a host, a subset and a port can all have. */
function settingsProblems(policy: Place): SchemaProblem[] {
  return [
    ...outlierDetectionProblems(policy.at('outlierDetection')),
    ...connectionPoolProblems(policy.at('connectionPool')),
    ...loadBalancerProblems(policy.at('loadBalancer'), policy.at('outlierDetection')),
    ...clientTlsProblems(policy.at('tls')),
  ];
}

function tunnelProblems(tunnel: Place): SchemaProblem[] {
  if (!tunnel.isSet) return [];
  const { protocol, targetHost } = { protocol: tunnel.at('protocol'), targetHost: tunnel.at('targetHost') };
  const reason = isIpAddress(targetHost.text) ? undefined : whyNoFqdn(targetHost.text);
  return [
    ...when(!['', 'CONNECT', 'POST'].includes(protocol.text), () =>
      error(protocol, `${shown(protocol)} is no tunnel; allowed are CONNECT and POST`),
    ),
    ...when(reason !== undefined, () =>
      error(targetHost, `${shown(targetHost)} is neither a host nor an IP address: ${reason ?? ''}`),
    ),
    ...portProblems(tunnel.at('targetPort')),
  ];
}
