import type { Place } from '../place';
import { error, shown, when, type SchemaProblem } from '../problem';

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ipv4 = new RegExp(`^${octet}(?:\\.${octet}){3}$`);
const unixPrefix = 'unix://';

/** Whether a text is an IPv4 or IPv6 address, in the forms that Go's netip reads; an IPv6 zone is allowed. */
export function isIpAddress(text: string): boolean {
  return ipv4.test(text) || isIpv6(text.replace(/%.+$/, ''));
}

/** Whether a text is an address with a prefix length, e.g. `10.0.0.0/8`. */
export function isCidr(text: string): boolean {
  const [address = '', length = '', ...more] = text.split('/');
  if (more.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length) || address.includes('%')) return false;
  if (ipv4.test(address)) return Number(length) <= 32;
  return isIpv6(address) && Number(length) <= 128;
}

export function isUnixAddress(text: string): boolean {
  return text.startsWith(unixPrefix);
}

export function ipProblems(place: Place): SchemaProblem[] {
  return when(!isIpAddress(place.text), () => error(place, `${shown(place)} is no IP address`));
}

/** An address, or a block of them. */
export function subnetProblems(place: Place): SchemaProblem[] {
  const fine = place.text.includes('/') ? isCidr(place.text) : isIpAddress(place.text);
  return when(!fine, () =>
    error(place, `${shown(place)} is neither an IP address nor a CIDR block such as 10.0.0.0/8`),
  );
}

/** A socket after `unix://`: an absolute path to a file, or an abstract name after `@`. */
export function unixProblems(place: Place): SchemaProblem[] {
  const socket = place.text.slice(unixPrefix.length);
  const fine = socket.startsWith('@') || (socket.startsWith('/') && !socket.endsWith('/'));
  return when(!fine, () =>
    error(place, `${shown(place)} is no socket; allowed are unix:///absolute/path/to/file and unix://@abstract-name`),
  );
}

function isIpv6(text: string): boolean {
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !text.includes(':')) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const embedded = last.includes('.');
  if (embedded && !ipv4.test(last)) return false;
  const plain = embedded ? groups.slice(0, -1) : groups;
  if (!plain.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  const count = plain.length + (embedded ? 2 : 0);
  return halves.length === 2 ? count < 8 : count === 8;
}
