/** Length of the UUID that istiod appends to the version of a push to make a nonce (Istio: pilot/pkg/xds/discovery.go, `nonce`). */
const uuidLength = 36;

/** Number of the push whose version istiod writes as `<time>/<number>`; undefined for any other text. Numbers of one istiod grow, those of two cannot be compared. */
export function pushNumber(version: string | undefined): number | undefined {
  const digits = /\/(\d+)$/.exec(version ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Number of the push that a nonce was sent with. */
export function nonceNumber(nonce: string | undefined): number | undefined {
  return pushNumber(nonce?.slice(0, -uuidLength));
}
