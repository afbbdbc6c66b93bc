import type { Rule } from '../rule';
import { weightExplicit } from './weight-explicit';
import { weightRange } from './weight-range';
import { weightSingle } from './weight-single';
import { weightSum100 } from './weight-sum-100';

/** Every rule over Kubernetes objects, in the order of the catalogue. */
export const rules: readonly Rule[] = [weightSum100, weightRange, weightExplicit, weightSingle];
