import type { Place } from '../place';
import { error, shown, when, type SchemaProblem } from '../problem';
import { isCidr, isIpAddress } from './addresses';

const identities = ['principals', 'notPrincipals', 'namespaces', 'notNamespaces'];
const accounts = ['serviceAccounts', 'notServiceAccounts'];
const requestIdentities = ['requestPrincipals', 'notRequestPrincipals'];
const trustDomains = ['trustDomains', 'notTrustDomains'];
const addresses = ['ipBlocks', 'notIpBlocks', 'remoteIpBlocks', 'notRemoteIpBlocks'];
const all = [...identities, ...accounts, ...requestIdentities, ...trustDomains, ...addresses];

/** Fields that an external authorizer cannot be asked by: they need an identity that only Istio knows. */
const identityFields = [...identities, ...accounts, ...requestIdentities, ...trustDomains];

/** Fields that also hold for plain TCP connections. */
export const tcpSourceFields: readonly string[] = [...identities, ...accounts, ...addresses];

export function sourceProblems(from: Place, custom: boolean): SchemaProblem[] {
  const source = from.at('source');
  if (!source.isSet) return [error(source, 'is required')];
  const given = all.filter((field) => source.at(field).size > 0);
  const mixed = given.some((field) => accounts.includes(field)) && given.some((field) => identities.includes(field));
  return [
    ...when(given.length === 0, () => error(source, `a source needs at least one of ${all.join(', ')}`)),
    ...when(mixed, () => error(source, 'serviceAccounts cannot be set together with principals or namespaces')),
    ...(custom
      ? given
          .filter((field) => identityFields.includes(field))
          .map((field) => error(source.at(field), 'is not supported for action CUSTOM'))
      : []),
    ...addresses.flatMap((field) => source.at(field).items.flatMap(addressProblems)),
    ...accounts.flatMap((field) => serviceAccountsProblems(source.at(field))),
    ...trustDomains.flatMap((field) => source.at(field).items.flatMap(trustDomainProblems)),
    ...[...identities, ...requestIdentities].flatMap((field) => source.at(field).items.flatMap(notEmpty)),
  ];
}

export function notEmpty(place: Place): SchemaProblem[] {
  return when(place.text === '', () => error(place, 'must not be empty'));
}

/** An IP address or a block of them. */
export function addressProblems(place: Place): SchemaProblem[] {
  const fine = place.text.includes('/') ? isCidr(place.text) : isIpAddress(place.text);
  return when(!fine, () =>
    error(place, `${shown(place)} is neither an IP address nor a CIDR block such as 10.0.0.0/8`),
  );
}

/** At most 16 names, `name` or `namespace/name`, without a `*`. */
export function serviceAccountsProblems(list: Place): SchemaProblem[] {
  return [
    ...when(list.size > 16, () => error(list, `has ${list.size} entries; allowed are at most 16`)),
    ...list.items.flatMap((place) =>
      when(!/^[^/*]+(\/[^/*]+)?$/.test(place.text) || place.text.length > 320, () =>
        error(place, `${shown(place)} is no ServiceAccount; write name or namespace/name, without "*"`),
      ),
    ),
  ];
}

export function trustDomainProblems(place: Place): SchemaProblem[] {
  return [
    ...wildcardTextProblems(place),
    ...when(place.text.includes('/'), () => error(place, `${shown(place)} is no trust domain: it has a "/"`)),
  ];
}

/** A text that may have one `*`, at its start or its end. */
export function wildcardTextProblems(place: Place): SchemaProblem[] {
  return when(place.text === '' || /\*.*\*|[^*]\*[^*]/.test(place.text), () =>
    error(place, `${shown(place)} is not allowed; it must not be empty, and a "*" may only stand at its start or end`),
  );
}
