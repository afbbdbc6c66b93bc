import { z } from 'zod';
import { knownAppNames } from '../../mesh/manifests/apps/known/names';
import type { AppSettings, ServiceAccountSettings } from '../../mesh/manifests/apps/settings';
import { appService } from './app-services';
import { byLabel, count, label, stringMap, text } from './values';
import { workload } from './workloads';

export const serviceAccount = z.strictObject({
  install: z.boolean().exactOptional().describe('False: it is there already. Default: true.'),
  labels: stringMap.exactOptional().describe('Default: none.'),
  annotations: stringMap.exactOptional().describe('Default: none.'),
}) satisfies z.ZodType<ServiceAccountSettings>;

export const app = z.strictObject({
  namespace: label.describe("Namespace of the app's objects."),
  app: z
    .enum(knownAppNames)
    .exactOptional()
    .describe("Sample app that the settings start from. Default: the key, where that is a sample app's name."),
  version: text.exactOptional().describe("Image version of a sample app. Default: the sample's own."),
  hub: text.exactOptional().describe("Registry and path before a sample app's image names. Default: the sample's own."),
  replicas: byLabel(count).exactOptional().describe('Replicas by workload. Default: 1 each.'),
  workloads: byLabel(workload)
    .exactOptional()
    .describe('Workloads by name, merged over those of the sample app. Default: those alone.'),
  services: byLabel(appService)
    .exactOptional()
    .describe('Services by name, merged over those of the sample app. Default: those alone.'),
  serviceAccounts: byLabel(serviceAccount)
    .exactOptional()
    .describe('What the ServiceAccounts that workloads name look like. Default: bare.'),
  secrets: byLabel(stringMap)
    .exactOptional()
    .describe('Secrets by name: key → value, set with `pulumi config set --secret --path`. Default: none.'),
}) satisfies z.ZodType<AppSettings>;

export const apps = byLabel(app).describe("Sample apps and the user's own, by name.");
