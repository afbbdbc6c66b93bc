import { ensurePrograms } from '../../../cluster/lab/binaries';

/** Paths of the real control plane and proxy. */
export interface Programs {
  pilotDiscovery: string;
  envoy: string;
}

/** The lab's istiod and Envoy, built or fetched first when they are missing; otherwise the reason why there is no Envoy. */
export async function findPrograms(): Promise<Programs | string> {
  const { programs, envoy } = await ensurePrograms((line) => console.log(`      ${line}`));
  return 'file' in envoy ? { pilotDiscovery: programs['pilot-discovery'], envoy: envoy.file } : envoy.missing;
}
