import { defined, type KubernetesObject } from '../mesh/manifests/kubernetes';
import { memoizeByIdentity } from '../mesh/model/memoize';
import type { Externals } from '../mesh/model/mesh-config';
import { type MeshModel, meshModel, type MeshOptions } from '../mesh/model/mesh-model';
import { meshObject, type MeshObject } from '../mesh/model/objects';
import { type Finding, type Level, named, sortedObjects } from './finding';

/** What a rule reports about one object; the engine adds the rule's id, level and codes. */
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
  /** Objects that violate the rule, as YAML. */
  bad: string;
  /** The same objects, corrected. */
  good: string;
  /** What to do. */
  fix: string;
  /** Options that both examples are judged with. Default to none. */
  options?: CheckOptions;
}

/** The examples of a rule: the good one is the bad one with some strings replaced. */
export function examples(
  bad: string,
  ...changes: readonly (readonly [from: string, to: string])[]
): {
  bad: string;
  good: string;
} {
  return { bad, good: changes.reduce((good, [from, to]) => good.replace(from, () => to), bad) };
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
  /**
   * True for a rule that judges each object alone; the policy pack then reports its findings before the resource is
   * registered.
   */
  single: boolean;
  /** True if findings of the rule are dropped where another rule reports the same place of the same object. */
  fallback?: boolean;
  /** Must not throw for any input, and must not depend on the order of the objects. */
  check(model: MeshModel, options: CheckOptions): Violation[];
}

/** What a check knows besides the objects. Every option can be left out. */
export interface CheckOptions {
  /** Levels by rule id; `off` switches a rule off. Default to each rule's own level. */
  rules?: Record<string, Level | 'off'>;
  /** Names that exist outside the input. `*` in a list stands for every name. */
  externals?: Externals;
  /** Root namespace, domain and MeshConfig, unless an object defines them. */
  mesh?: MeshOptions;
  /**
   * Version of the Istio that will validate and run the objects, e.g. `1.30.3`. Defaults to the version of the schemas.
   */
  istioVersion?: string;
  /** Largest change of a weight in one update, in percentage points. Defaults to no limit. */
  maxStep?: number;
  /** Largest weight with which a version may appear. Defaults to no limit. */
  initialStep?: number;
  /** Name of the environment, e.g. `prod`; rules for production apply to `prod` and `production`. */
  environment?: string;
  /**
   * Nothing exists besides the objects and `externals`. Defaults to false: then only namespaces whose Services or
   * workloads are in the input count as described.
   */
  complete?: boolean;
  /**
   * Gateway workloads outside the input, such as those of Helm releases. Without it, a Gateway that selects no workload
   * is not reported.
   */
  gatewayWorkloads?: GatewayWorkload[];
  /** Control plane revisions and tags that are installed. Without it, the revision of a namespace is not judged. */
  revisions?: string[];
  /** Objects, as `namespace/name` or `*`, whose weights a rollout controller such as Argo Rollouts or Flagger moves. */
  rolloutController?: string[];
  /**
   * `meshwright:routes` of the stack as the program gets it, for `config-matches-emitted`. Without it nothing is
   * compared.
   */
  routes?: unknown;
  /** Time at which certificates must be valid. Defaults to now. */
  now?: Date;
}

/** The part of a gateway workload that matters to Gateways. */
export interface GatewayWorkload {
  namespace: string;
  /** Labels of its pods. */
  labels: Record<string, string>;
  /** Undefined if it is not known. */
  serviceAccount?: string;
  /** Ports of its Service. Without it, ports are not judged. */
  ports?: { port: number; targetPort?: number }[];
}

/** A finding together with the object that it is about, if it is about one. */
export interface Raised {
  finding: Finding;
  object: KubernetesObject | undefined;
}

/**
 * Whether a value has `apiVersion`, `kind` and `metadata` like a Kubernetes object. Anything else cannot even be named
 * in a finding.
 */
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

/**
 * What Pulumi knows about a resource besides its object. Plain data, so that tests need no Pulumi; the policy pack
 * fills it from the engine's messages.
 */
export interface PulumiResource {
  urn: string;
  /** Type token, e.g. `kubernetes:networking.istio.io/v1:VirtualService`. */
  type: string;
  /** The Kubernetes object; undefined for anything else, such as a Helm release or a component. */
  object?: KubernetesObject;
  /** For a Helm release: the name of its chart, without repository. */
  chart?: string;
  /** False when Pulumi chose `metadata.name`. Defaults to true. */
  nameGiven?: boolean;
  options?: PulumiOptions;
  /** URN of the provider. Defaults to '', the default provider. */
  provider?: string;
  /** URN of the parent. */
  parent?: string;
  /** URNs of the resources that this one waits for, its direct dependencies. */
  dependencies?: readonly string[];
}

/** The resource options that rules read, as the program gives them. */
export interface PulumiOptions {
  /** Property paths. */
  ignoreChanges?: readonly string[];
  deleteBeforeReplace?: boolean;
}

/** A rule over the resources of one Pulumi program; only the policy pack can run it. */
export interface ResourceRule extends Omit<Rule, 'check' | 'single'> {
  check(resources: readonly PulumiResource[], options: CheckOptions): Violation[];
}

/** A resource that is a Kubernetes object, as rules see it. */
export interface ObjectResource extends PulumiResource {
  object: KubernetesObject;
  mesh: MeshObject;
}

/** The resources that are Kubernetes objects with a name. */
export const objectResources = memoizeByIdentity((resources: readonly PulumiResource[]): readonly ObjectResource[] =>
  resources.flatMap((resource) => {
    const { object } = resource;
    const mesh = meshObject(object);
    return object === undefined || mesh === undefined ? [] : [{ ...resource, object, mesh }];
  }),
);

/** The model of the objects that are resources: the check's own model, if its objects are the same. */
export function resourceModel(resources: readonly ObjectResource[], mesh: CheckOptions['mesh']): MeshModel {
  return meshModel(sortedObjects(resources.map(({ object }) => object)), mesh);
}
