import { z } from 'zod';
import { levels } from '../../policy/finding';
import type { CheckOptions } from '../../policy/options';
import { text, wholeNumber } from './values';

const percent = wholeNumber(0, 100, 'whole percentage points');

export const policy = z
  .strictObject({
    rules: z
      .record(z.string(), z.enum([...levels, 'off']))
      .exactOptional()
      .describe("Level by rule id: mandatory, advisory or off. Default: each rule's own."),
    externals: z
      .strictObject({
        namespaces: z.array(text).exactOptional().describe('Namespaces that are there. Default: none.'),
        gateways: z
          .array(text)
          .exactOptional()
          .describe('Istio Gateways that are there, as namespace/name. Default: none.'),
        hosts: z.array(text).exactOptional().describe('Hosts that are there, as FQDN. Default: none.'),
        workloads: z
          .array(text)
          .exactOptional()
          .describe('Workloads that are there, as namespace/name. Default: none.'),
        serviceAccounts: z
          .array(text)
          .exactOptional()
          .describe('ServiceAccounts that are there, as namespace/name. Default: none.'),
      })
      .exactOptional()
      .describe('What exists outside the stack; "*" for whatever is named.'),
    maxStep: percent.exactOptional().describe('Largest change of a weight in one update. Default: no limit.'),
    initialStep: percent.exactOptional().describe('Largest weight with which a version may appear. Default: no limit.'),
    environment: text
      .exactOptional()
      .describe('Environment; prod and production have rules of their own. Default: none.'),
  })
  .describe('What the checks are told, and how strict they are.') satisfies z.ZodType<CheckOptions>;
