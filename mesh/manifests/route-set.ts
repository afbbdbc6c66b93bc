import { objectTitle, type KubernetesObject } from './kubernetes';
import type { RuleWeights } from './route-weights';
import type { ProofSettings } from './settings';

/** Type token of the resource that holds the routing objects of one service. */
export const routeType = 'meshwright-routes:index:Route';

/** Type token of its predecessor, which held those of a whole namespace. States of older versions have it. */
export const routeSetType = 'meshwright-routes:index:RouteSet';

/** Whether a resource holds routing objects in `objects`. */
export function isRouteType(type: string): boolean {
  return type === routeType || type === routeSetType;
}

/** Field manager under which routing objects are applied. */
export const routeManager = 'meshwright';

/** Annotation of every routing object, with the URN of its resource: it names the stack. */
export const ownerAnnotation = 'meshwright.io/owner';

/** Kinds that such a resource may hold, with the names of their collections in the API. */
export const routingKinds: Readonly<Record<string, string>> = {
  DestinationRule: 'destinationrules',
  VirtualService: 'virtualservices',
};

/** How routes are proven, and by which control plane. */
export interface SetProof extends ProofSettings {
  /** Namespace of the control plane. Defaults to `istio-system`. */
  namespace?: string;
}

/** Levels of rules, and limits on what one update may change. */
export interface ChangeLimits {
  rules?: Record<string, 'advisory' | 'mandatory' | 'off'>;
  maxStep?: number;
  initialStep?: number;
}

/** Inputs of a Route. */
export interface RouteInputs {
  /** Namespace of all objects. */
  namespace: string;
  /** Objects as JSON by their title, `VirtualService bookinfo/reviews`. Pulumi handles JSON twenty times as fast as nested values, and `preview --diff` shows it field by field. */
  objects: Record<string, string>;
  /** Weights of the VirtualService. Derived from it, so that previews and policies see them as numbers. */
  weights?: RuleWeights;
  /** Who sets the weights in the cluster: `argo`, `flagger` or another field manager. The provider then leaves them alone. */
  weightsOwnedBy?: string;
  /** Path or content of the kubeconfig. Defaults to kubectl's. */
  kubeconfig?: string;
  /** Context of the kubeconfig. Defaults to the current one. */
  context?: string;
  /** Defaults to no proof. */
  proof?: SetProof;
  /** Default to the rules' own levels, and no limits. */
  limits?: ChangeLimits;
}

/** Property path of one object. */
export function objectPath(title: string): string {
  return `objects[${JSON.stringify(title)}]`;
}

/** Objects as a Route takes them. */
export function serializedObjects(objects: readonly KubernetesObject[]): Record<string, string> {
  return Object.fromEntries(objects.map((object) => [objectTitle(object), serialized(object)]));
}

/** With the fields of every object first, as people write them. */
function serialized({ apiVersion, kind, metadata, ...fields }: KubernetesObject): string {
  return JSON.stringify({ apiVersion, kind, metadata, ...fields });
}
