import { z } from 'zod';
import type { AddonsSettings, CertManagerSettings } from '../../components/manifests/addons/settings';
import { anyMap, label, text } from './values';

export const certManager = z.strictObject({
  namespace: label.exactOptional().describe('Default: cert-manager.'),
  version: text.exactOptional().describe('Chart version. Default: the one the Pulumi package picks.'),
  issuer: z
    .strictObject({
      name: text.describe('Name of the ClusterIssuer.'),
      spec: anyMap.describe("cert-manager's issuer spec, verbatim."),
    })
    .exactOptional()
    .describe('The ClusterIssuer to make. Default: selfsigned, self-signed.'),
}) satisfies z.ZodType<CertManagerSettings>;

export const addons = z
  .strictObject({
    certManager: certManager.exactOptional().describe('cert-manager. Default: not installed.'),
  })
  .describe('Telemetry addons and cert-manager, each switched on by its key.') satisfies z.ZodType<AddonsSettings>;
