import type { Place } from '../place';
import { error, warning, type SchemaProblem } from '../problem';

/** Members of a JWK that only its owner may know (RFC 7518): private parts of RSA, EC and OKP keys, and symmetric keys. */
const privateMembers = ['d', 'k'];

/** An inline key set. Its text is never shown. */
export function jwksProblems(jwks: Place): SchemaProblem[] {
  if (jwks.text === '') return [];
  const keys = keysOf(jwks.text);
  if (keys === undefined) return [error(jwks, 'is no JSON Web Key Set: {"keys": [{"kty": …}, …]}')];
  return keys.flatMap((key, index) =>
    privateMembers.some((member) => Object.hasOwn(key, member))
      ? [
          warning(
            jwks,
            `key ${index} holds private key material; only public keys are needed, and everybody who may read this object reads it`,
          ),
        ]
      : [],
  );
}

/** The keys of a set, or the one key that stands alone; undefined for anything else. */
function keysOf(text: string): object[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const keys = (parsed as { keys?: unknown }).keys ?? [parsed];
  return Array.isArray(keys) && keys.every(isKey) ? keys : undefined;
}

function isKey(key: unknown): key is object {
  return typeof key === 'object' && key !== null && typeof (key as { kty?: unknown }).kty === 'string';
}
