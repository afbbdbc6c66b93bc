import { isValid, isValidCIDR, parse, parseCIDR } from 'ipaddr.js';

export function isAddress(host: string): boolean {
  return isValid(host);
}

/** Whether an IP address lies in one of some CIDRs (`10.0.0.0/8`, or a single address). No subnets: every address does. An unknown address lies in none. */
export function inSubnets(address: string | undefined, subnets: readonly string[]): boolean {
  if (subnets.length === 0) return true;
  return address !== undefined && isValid(address) && subnets.some((subnet) => inSubnet(address, subnet));
}

function inSubnet(address: string, subnet: string): boolean {
  const parsed = parse(address);
  const cidr = subnet.includes('/') ? subnet : `${subnet}/${subnet.includes(':') ? 128 : 32}`;
  if (!isValidCIDR(cidr)) return false;
  const [network, bits] = parseCIDR(cidr);
  return network.kind() === parsed.kind() && parsed.match(network, bits);
}
