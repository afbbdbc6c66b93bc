import assert from 'node:assert/strict';
import { renderMesh } from '../../../mesh/manifests/mesh';
import type { Release } from '../../../mesh/manifests/release';
import { sample } from '../../support/samples';

/** The releases of a sample, by name. */
export function releases(reference: string, patch: Record<string, unknown> = {}): Map<string, Release> {
  return new Map(renderMesh(sample(reference, patch).settings).releases.map((release) => [release.name, release]));
}

export function release(name: string, reference: string, patch: Record<string, unknown> = {}): Release {
  const found = releases(reference, patch).get(name);
  assert.ok(found, `sample ${reference} has no release ${name}`);
  return found;
}
