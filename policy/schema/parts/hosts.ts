import { type FieldPlace, error, shown, type SchemaProblem, when } from '../place';

const label = /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const firstLabel = /^(\*|(\*|\*-)?[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)$/;
const longestName = 255;
const longestLabel = 63;

/** Whether a text is a DNS label as Istio takes one: letters of either case, digits and inner hyphens, at most 63 characters. */
export function isDnsLabel(text: string): boolean {
  return text.length <= longestLabel && label.test(text);
}

/** Why a text is not a domain name, or undefined. A last dot is allowed. */
export function whyNoFqdn(name: string): string | undefined {
  return whyNoName(name) ?? whyNoLabels(name, name);
}

/** Why a text is not a domain name whose first label may be, or start with, a `*`; or undefined. */
export function whyNoWildcardDomain(name: string): string | undefined {
  const unusable = whyNoName(name);
  if (unusable !== undefined) return unusable;
  const dot = name.indexOf('.');
  const first = dot < 0 ? name : name.slice(0, dot);
  if (first.length > longestLabel || !firstLabel.test(first))
    return `"${first}" is not a DNS label; a "*" may only begin the first one`;
  return dot < 0 ? undefined : whyNoLabels(name.slice(dot + 1), name);
}

/** Whether a name has a `*` that is not a whole first label: `*bar.com`. */
export function isPartialWildcard(name: string): boolean {
  return name.includes('*') && name !== '*' && !name.startsWith('*.');
}

export function fqdnProblems(place: FieldPlace): SchemaProblem[] {
  return complaint(place, whyNoFqdn(place.text));
}

export function wildcardDomainProblems(place: FieldPlace): SchemaProblem[] {
  return complaint(place, whyNoWildcardDomain(place.text));
}

/** The hosts of a Gateway server or a Sidecar egress listener: `[namespace/]host`, where the host is `*` or has a dot. */
export function scopedHostProblems(
  place: FieldPlace,
  { namespace }: { namespace: 'optional' | 'required' },
): SchemaProblem[] {
  const slash = place.text.indexOf('/');
  if (slash < 0) {
    if (namespace === 'required')
      return [
        error(
          place,
          `${shown(place)} names no namespace; write namespace/host, where "." is the namespace of the object and "*" is any`,
        ),
      ];
    return complaint(place, whyNoScopedHost(place.text));
  }
  const scope = place.text.slice(0, slash);
  const own = namespace === 'required' ? scope.replace(/^~/, '') : scope;
  const scopeIsFine = own === '*' || own === '.' || isDnsLabel(own) || (namespace === 'required' && scope === '~');
  return [
    ...(scopeIsFine
      ? []
      : [
          error(
            place,
            `${shown(place)}: "${scope}" is not a valid namespace; allowed are a namespace's name, "." and "*"`,
          ),
        ]),
    ...complaint(place, whyNoScopedHost(place.text.slice(slash + 1))),
  ];
}

function whyNoScopedHost(host: string): string | undefined {
  if (host === '*' || isIpAddress(host)) return undefined;
  if (!host.includes('.'))
    return 'a short name is not allowed here; write the full name, e.g. reviews.bookinfo.svc.cluster.local';
  if (isPartialWildcard(host)) return 'a "*" must be the whole first label, e.g. *.example.com';
  return whyNoWildcardDomain(host);
}

function whyNoName(name: string): string | undefined {
  if (name === '') return 'a host must not be empty';
  return name.length > longestName ? `a host has at most ${longestName} characters` : undefined;
}

function whyNoLabels(rest: string, name: string): string | undefined {
  const labels = rest.split('.');
  const top = labels.at(-1) ?? '';
  if (/^[-+]?\d+$/.test(top)) return `its last label "${top}" must not be a number`;
  const checked = top === '' && name.length > 1 ? labels.slice(0, -1) : labels;
  const bad = checked.find((one) => !isDnsLabel(one));
  return bad === undefined ? undefined : `"${bad}" is not a DNS label`;
}

function complaint(place: FieldPlace, reason: string | undefined): SchemaProblem[] {
  return reason === undefined ? [] : [error(place, `${shown(place)} is not a valid host: ${reason}`)];
}

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

export function ipProblems(place: FieldPlace): SchemaProblem[] {
  return when(!isIpAddress(place.text), () => error(place, `${shown(place)} is not an IP address`));
}

/** An address, or a block of them. */
export function subnetProblems(place: FieldPlace): SchemaProblem[] {
  const fine = place.text.includes('/') ? isCidr(place.text) : isIpAddress(place.text);
  return when(!fine, () =>
    error(place, `${shown(place)} is neither an IP address nor a CIDR block such as 10.0.0.0/8`),
  );
}

/** A socket after `unix://`: an absolute path to a file, or an abstract name after `@`. */
export function unixProblems(place: FieldPlace): SchemaProblem[] {
  const socket = place.text.slice(unixPrefix.length);
  const fine = socket.startsWith('@') || (socket.startsWith('/') && !socket.endsWith('/'));
  return when(!fine, () =>
    error(
      place,
      `${shown(place)} is not a socket; allowed are unix:///absolute/path/to/file and unix://@abstract-name`,
    ),
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
