import type { MeshModel } from '../../mesh/model/mesh-model';
import type { CheckOptions } from '../options';
import type { Rule, Violation } from '../rule';

/** A rule over two states of the same objects: what is there, and what is to be. */
export interface ChangeRule extends Omit<Rule, 'check' | 'single'> {
  check(before: MeshModel, after: MeshModel, options: CheckOptions): Violation[];
}
