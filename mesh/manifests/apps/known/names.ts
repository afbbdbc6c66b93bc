/** The sample apps, by the names that a stack file may use. */
export const knownAppNames = [
  'bookinfo',
  'tutorial',
  'mall',
  'httpbin',
  'fortio',
  'hello',
  'userlist',
  'curltest',
  'octopus',
] as const;
export type KnownAppName = (typeof knownAppNames)[number];

export function isKnownApp(name: string): name is KnownAppName {
  return (knownAppNames as readonly string[]).includes(name);
}
