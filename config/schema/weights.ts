import { z } from 'zod';
import type { Weight, Weights } from '../../mesh/manifests/settings';
import { fullWeight, weightProblems } from '../../mesh/manifests/weights';
import { byLabel } from './values';

/** What is wrong with one weight alone, in the words of the manifests; what is wrong with a split as a whole is a rule's matter. */
const error = ({ input }: { input?: unknown }) =>
  weightProblems({ it: input as Weight }).find(({ path }) => path.length > 0)?.message;

export const weight = z.union([z.int({ error }).min(0, { error }).max(fullWeight, { error }), z.literal('rest')], {
  error,
}) satisfies z.ZodType<Weight>;

export const weights = byLabel(weight) satisfies z.ZodType<Weights>;
