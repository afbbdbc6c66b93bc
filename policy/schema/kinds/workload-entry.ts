import { isIpAddress, isUnixAddress, unixProblems, isDnsLabel, whyNoFqdn } from '../parts/hosts';
import { labelsProblems } from '../parts/names';
import { portProblems } from '../parts/values';
import { type FieldPlace, error, shown, warning, when, type SchemaProblem } from '../place';

export function workloadEntryProblems(entry: FieldPlace): SchemaProblem[] {
  return [...addressProblems(entry, { names: true }), ...portsProblems(entry), ...labelsProblems(entry.at('labels'))];
}

/** The address of a workload: an IP address, a socket, a DNS name if allowed, or none if the workload has a network. */
export function addressProblems(entry: FieldPlace, { names }: { names: boolean }): SchemaProblem[] {
  const { address, network } = { address: entry.at('address'), network: entry.at('network') };
  if (address.text === '') {
    const unreachable = 'is not stated; the workload is reached through the gateways of its network';
    return [network.text === '' ? error(address, 'is required, unless network is set') : warning(address, unreachable)];
  }
  if (isUnixAddress(address.text)) {
    const ports = entry.at('ports');
    return [...unixProblems(address), ...when(ports.size > 0, () => error(ports, 'a socket has no ports'))];
  }
  if (isIpAddress(address.text)) return [];
  if (!names) return [error(address, `${shown(address)} is not an IP address`)];
  return when(whyNoFqdn(address.text) !== undefined, () =>
    error(address, `${shown(address)} is neither an IP address nor a full DNS name`),
  );
}

/** Ports of a workload, name → number. */
export function portsProblems(entry: FieldPlace): SchemaProblem[] {
  return entry
    .at('ports')
    .entries.flatMap(({ key, place }) => [
      ...when(!isDnsLabel(key), () =>
        error(place, `"${key}" is not a valid name of a port; allowed are letters, digits and inner hyphens`),
      ),
      ...portProblems(place),
    ]);
}
