import { z } from 'zod';
import type { ProofSettings } from '../../mesh/manifests/settings';
import { addressPattern, addressRule, proxyNamePattern, proxyNameRule } from '../../mesh/manifests/addresses';
import { filledList, wholeNumber } from './values';

const address = z.string().regex(addressPattern, { error: addressRule });
const proxyName = z.string().regex(proxyNamePattern, { error: proxyNameRule });

export const proof = z
  .strictObject({
    enabled: z.boolean().exactOptional().describe('Default: true.'),
    timeoutSeconds: wholeNumber(1, 3600, 'seconds, a whole number')
      .exactOptional()
      .describe('Longest wait for one route; then the update fails and names the proxies that lag. Default: 60.'),
    strict: z
      .boolean()
      .exactOptional()
      .describe('Also fail when istiod cannot be asked. Default: false, which warns and goes on without proof.'),
    drainSeconds: wholeNumber(0, 3600, 'seconds, a whole number')
      .exactOptional()
      .describe('How long a version is kept after the last route has left it, for its connections. Default: 5.'),
    istiod: filledList(address, 'address')
      .exactOptional()
      .describe('Addresses of the istiods, host[:15014], all replicas. Default: port-forwards to the istiod pods.'),
    proxies: z
      .record(proxyName, address)
      .exactOptional()
      .describe(
        "Addresses of proxies' admin pages, host[:15000], by <pod>.<namespace>. Default: port-forwards to their pods.",
      ),
  })
  .describe('How an update makes sure that its routes are live.') satisfies z.ZodType<ProofSettings>;
