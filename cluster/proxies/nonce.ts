/** Length of the UUID that istiod appends to the version of a push to make a nonce (Istio: pilot/pkg/xds/discovery.go, `nonce`). */
const uuidLength = 36;

/**
 * Number of the push that a nonce was sent with: istiod writes the version of a push as `<time>/<number>`. Numbers of one istiod grow, those of two cannot be compared; undefined for any other text.
 */
export function nonceNumber(nonce: string | undefined): number | undefined {
  const digits = /\/(\d+)$/.exec(nonce?.slice(0, -uuidLength) ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}
