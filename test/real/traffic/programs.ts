import { ensureBinaries } from '../../../cluster/lab/binaries';

/** Where the real control plane and proxy are. */
export interface Programs {
  pilotDiscovery: string;
  envoy: string;
}

/** The lab's istiod and Envoy, built or fetched first when they are missing; a text that says why there is no Envoy otherwise. */
export async function findPrograms(): Promise<Programs | string> {
  const { programs, envoy } = await ensureBinaries((line) => console.log(`      ${line}`));
  return 'file' in envoy ? { pilotDiscovery: programs['pilot-discovery'], envoy: envoy.file } : envoy.missing;
}
