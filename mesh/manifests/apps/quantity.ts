const form = /^([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?[0-9]+))?$/;

const factors: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * The number that a Kubernetes quantity stands for: `200m` is 0.2, `1Ki` 1024; undefined for a text that is none.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function quantityValue(quantity: string | number): number | undefined {
  const parts = form.exec(String(quantity));
  if (parts === null) return undefined;
  const [, number, suffix = '', exponent = '0'] = parts;
  return Number(number) * (factors[suffix] ?? 1) * 10 ** Number(exponent);
}

/** Why `quantity` cannot be the amount of a resource, or undefined for one that can. */
export function quantityProblem(quantity: string | number): string | undefined {
  const value = quantityValue(quantity);
  if (value === undefined) return 'a quantity must be a number with at most one unit, e.g. 200m, 1.5, 64Mi, 2G';
  return value < 0 ? 'a quantity of a resource must not be negative' : undefined;
}
