import type { Rule } from '../rule';
import { crdOnly } from './crd-only';
import { objectSchema } from './object-schema';
import { schemaWarnings } from './schema-warnings';
import { versionSkew } from './version-skew';
import { weightExplicit } from './weight-explicit';
import { weightRange } from './weight-range';
import { weightSingle } from './weight-single';
import { weightSum100 } from './weight-sum-100';

/** Every rule over Kubernetes objects, in the order of the catalogue: one per line, those that stop a deployment before those that advise. */
// prettier-ignore
export const rules: readonly Rule[] = [
  weightSum100,
  weightRange,
  weightExplicit,
  weightSingle,
  objectSchema,
  crdOnly,
  schemaWarnings,
  versionSkew,
];
