import { z } from 'zod';
import type { RolloutSettings } from '../../mesh/manifests/settings';
import { conditionPattern, durationPattern } from '../../mesh/manifests/formats';
import { effectiveWeights, fullWeight } from '../../mesh/manifests/weights';
import { byLabel, filledList, label, text, wholeNumber } from './values';

const percentRule = { error: 'must be a percentage from 0 to 100' };
const percent = z.number(percentRule).min(0, percentRule).max(fullWeight, percentRule);
const duration = z.string().regex(durationPattern, { error: 'must be a duration, e.g. 500ms, 60s or 5m' });
const count = (least: number) => wholeNumber(least, 1_000_000);
const named = z.strictObject({ name: text.describe('Its name.'), value: text.describe('Its value.') });
const url = z.string().regex(/^https?:\/\/\S+$/, { error: 'must be an http or https URL' });

const split = byLabel(wholeNumber(0, fullWeight)).refine((weights) => effectiveWeights(weights) !== undefined, {
  error: 'must sum to 100',
});

const steps = filledList(wholeNumber(1, fullWeight), 'share').refine(
  (shares) => shares.at(-1) === fullWeight && shares.every((share, at) => share > (shares[at - 1] ?? 0)),
  { error: 'must rise and end at 100, e.g. [5, 25, 50, 100]' },
);

const rollout = z
  .strictObject({
    to: z.union([label, split]).describe('The version that gets all requests, or a split: { v2: 30, v3: 70 }.'),
    with: filledList(z.string().regex(/^[^/]+\/[^/]+$/, { error: 'must be NAMESPACE/SERVICE' }), 'route')
      .exactOptional()
      .describe('Other routes that move in lock-step, NAMESPACE/SERVICE. Default: none.'),
    steps: steps.exactOptional().describe('Shares of the way, in percent. Default: [5, 25, 50, 100].'),
    every: duration.exactOptional().describe('How long each step is measured. Default: 60s.'),
    maxErrorRate: percent.exactOptional().describe('Highest share of failed requests, in percent. Default: 1.'),
    maxErrorIncrease: percent
      .exactOptional()
      .describe('Percentage points by which it may fail more often than the stable version. Default: any.'),
    maxP99: duration.exactOptional().describe('Highest 99th percentile of the latency. Default: any.'),
    maxP99Increase: z
      .number()
      .min(0, { error: 'must be a percentage, 0 or more' })
      .exactOptional()
      .describe('Percent by which the 99th percentile may exceed that of the stable version. Default: any.'),
    minRequests: count(1).exactOptional().describe('Requests that a step needs before it is judged. Default: 50.'),
    failureLimit: count(0).exactOptional().describe('Failed measurements that are tolerated. Default: 0.'),
    inconclusiveLimit: count(0)
      .exactOptional()
      .describe('Intervals without a judgement that are tolerated. Default: 1.'),
    queries: z
      .array(z.string().regex(conditionPattern, { error: 'must end in a comparison with a number, e.g. ... < 5' }))
      .exactOptional()
      .describe('Further conditions: PromQL, a comparison and a number. Default: none.'),
    webhooks: z.array(url).exactOptional().describe('URLs that are asked at the end of each step. Default: none.'),
    approve: z.boolean().exactOptional().describe('True: each step waits for an approval. Default: false.'),
    back: z.enum(['at-once', 'steps']).exactOptional().describe('The way back after a failure. Default: at-once.'),
    header: named.exactOptional().describe('Requests with this header go to the new version first. Default: none.'),
    cookie: named.exactOptional().describe('Requests with this cookie go to the new version first. Default: none.'),
    mirror: wholeNumber(1, fullWeight)
      .exactOptional()
      .describe('Share of the requests that is mirrored to the new version first, in percent. Default: none.'),
    sticky: duration
      .exactOptional()
      .describe('How long a client stays with the version that served it first. Default: no time.'),
    prometheus: url.exactOptional().describe('URL of Prometheus. Default: that of the lab.'),
    metrics: z.boolean().exactOptional().describe('False: go on by time, webhooks and approvals only. Default: true.'),
    commit: z.boolean().exactOptional().describe('True: each step is committed to git. Default: false.'),
  })
  .refine(({ header, cookie }) => header === undefined || cookie === undefined, {
    error: 'must have a header or a cookie, not both',
  })
  .refine(({ mirror, to }) => mirror === undefined || typeof to === 'string', {
    error: 'mirror needs one version in to',
  }) satisfies z.ZodType<RolloutSettings>;

export const rollouts = byLabel(byLabel(rollout)).describe(
  'Shifts that `meshwright shift --tick` starts and continues: namespace → service → rollout.',
);
