import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import type { MeshModel } from '../mesh/model/mesh-model';
import type { Level } from './finding';
import type { CheckOptions } from './options';

/** What a rule says of one object; the engine adds the rule's id, level and codes. */
export interface Violation {
  object: KubernetesObject;
  /** Path of the value in the object, e.g. `spec.http[0].route[1].weight`; '' for the object as a whole. */
  path: string;
  message: string;
  /** Overrides the rule's level, for rules that are mandatory in one case and advisory in another. */
  level?: Level;
}

/** The documentation of a rule, from which docs/rules.md is generated. */
export interface RuleDocs {
  /** What goes wrong in a mesh without this rule. */
  why: string;
  /** An object that the rule complains about, as YAML (several documents where it takes several). */
  bad: string;
  /** The same, put right. */
  good: string;
  /** What to do. */
  fix: string;
  /** Options that both examples are judged with. Default to none. */
  options?: CheckOptions;
}

export interface Rule {
  /** kebab-case, also the name of the file. */
  id: string;
  level: Level;
  /** One line: what must hold. */
  title: string;
  /** Istio's message codes for the same thing, e.g. `IST0101`. */
  istio?: string[];
  /** Kiali's codes, e.g. `KIA1107`. */
  kiali?: string[];
  docs: RuleDocs;
  /** True for a rule that judges each object alone; the policy pack then voices it before that resource is registered. */
  single: boolean;
  /** Must not throw, whatever the objects hold, and must not depend on their order. */
  check(model: MeshModel, options: CheckOptions): Violation[];
}
