import { type KubernetesObject, defined } from '../mesh/manifests/kubernetes';
import type { Externals } from '../mesh/model/mesh-config';
import type { MeshModel, MeshOptions } from '../mesh/model/mesh-model';
import { type Level, named, type Finding } from './finding';

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
  /** True for a rule whose finding is dropped when another rule has one at the same place of the same object. */
  fallback?: boolean;
  /** Must not throw, whatever the objects hold, and must not depend on their order. */
  check(model: MeshModel, options: CheckOptions): Violation[];
}

/** What a check knows beside the objects. Every option can be left out. */
export interface CheckOptions {
  /** Levels by rule id; `off` switches a rule off. Default to each rule's own level. */
  rules?: Record<string, Level | 'off'>;
  /** Things that exist although they are not among the objects. A list may hold `*` for "whatever is named exists". */
  externals?: Externals;
  /** Root namespace, domain and MeshConfig, where no object says them. */
  mesh?: MeshOptions;
  /** Version of the Istio that will judge and run the objects, e.g. `1.30.3`. Defaults to the version that the schemas are of. */
  istioVersion?: string;
  /** Largest change of a weight in one update, in percentage points. Defaults to no limit. */
  maxStep?: number;
  /** Largest weight with which a version may appear. Defaults to no limit. */
  initialStep?: number;
  /** Name of the environment, e.g. `prod`; rules for production hold in `prod` and `production`. */
  environment?: string;
  /**
   * The objects and `externals` are all there is: a name that neither holds does not exist. Defaults to false, so that only namespaces of which the objects hold Services
   * or workloads count as described.
   */
  complete?: boolean;
  /** Gateway workloads that no object shows, such as those of Helm releases. Without it, a Gateway that selects no workload is not reported. */
  gatewayWorkloads?: GatewayWorkload[];
  /** Control plane revisions and tags that are installed. Without it, the revision of a namespace is not judged. */
  revisions?: string[];
  /** Objects, as `namespace/name` or `*`, whose weights a rollout controller such as Argo Rollouts or Flagger moves. */
  rolloutController?: string[];
  /** `meshwright:routes` of the stack as the program gets it, for `config-matches-emitted`. Left out, nothing is compared. */
  routes?: unknown;
  /** Moment at which certificates must be valid. Defaults to now. */
  now?: Date;
}

/** The part of a gateway workload that matters to Gateways. */
export interface GatewayWorkload {
  namespace: string;
  /** Labels of its pods. */
  labels: Record<string, string>;
  /** Ports of its Service. Without it, ports are not judged. */
  ports?: { port: number; targetPort?: number }[];
}

/** A finding together with the object that it is about, if it is about one. */
export interface Raised {
  finding: Finding;
  object: KubernetesObject | undefined;
}

/** Whether a value has the outline of a Kubernetes object: `apiVersion`, `kind` and `metadata`. Anything else cannot be named in a finding, let alone deployed. */
export function isJudgeable(value: unknown): value is KubernetesObject {
  if (typeof value !== 'object' || value === null) return false;
  const { apiVersion, kind, metadata } = value as Record<string, unknown>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return false;
  return typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
}

/** A violation as a finding: with the rule's id and codes, and the level that the options, the violation or the rule give, in this order. */
export function raise(
  rule: Pick<Rule, 'id' | 'level' | 'istio' | 'kiali'>,
  { object, path, message, level }: Violation,
  options: CheckOptions,
): Raised {
  const asked = options.rules?.[rule.id];
  const finding = defined({
    rule: rule.id,
    level: asked === 'mandatory' || asked === 'advisory' ? asked : (level ?? rule.level),
    ...named(object),
    path,
    message,
    istio: rule.istio?.join(', '),
    kiali: rule.kiali?.join(', '),
  }) as Finding;
  return { finding, object };
}

/** A rule over two states of the same objects: deployed and wanted. */
export interface ChangeRule extends Omit<Rule, 'check' | 'single'> {
  check(before: MeshModel, after: MeshModel, options: CheckOptions): Violation[];
}

/** The options that the model of the mesh takes. */
export function modelOptions({ mesh, externals, complete }: CheckOptions): MeshOptions {
  return { ...mesh, ...(externals && { externals }), ...(complete && { complete }) };
}
