import { objectTitle, type KubernetesObject } from './kubernetes';
import type { ProofSettings } from './settings';

/** Type token of the resource that carries all routing objects of a namespace. */
export const routeSetType = 'meshwright-routes:index:RouteSet';

/** Kinds that a set may hold, with the names of their collections in the API. */
export const routingKinds: Readonly<Record<string, string>> = {
  DestinationRule: 'destinationrules',
  VirtualService: 'virtualservices',
};

/** How routes are proven, and by which control plane. */
export interface SetProof extends ProofSettings {
  /** Namespace of the control plane. Defaults to `istio-system`. */
  namespace?: string;
}

/** Limits on what one update may change, as the check of changes takes them. */
export interface ChangeLimits {
  rules?: Record<string, 'advisory' | 'mandatory' | 'off'>;
  maxStep?: number;
  initialStep?: number;
}

/** What a set is told. */
export interface RouteSetInputs {
  /** Namespace of all objects of the set. */
  namespace: string;
  /** Objects as JSON by their title, `VirtualService bookinfo/reviews`. As texts they cost Pulumi a twentieth of what trees cost, and `preview --diff` shows them field by field. */
  objects: Record<string, string>;
  /** Path or text of the cluster's kubeconfig. Defaults to what kubectl takes. */
  kubeconfig?: string;
  /** Context of the kubeconfig. Defaults to the current one. */
  context?: string;
  /** Left out, nothing is proven. */
  proof?: SetProof;
  /** Left out, only what is wrong by itself is refused. */
  limits?: ChangeLimits;
}

/** Property path of one object of a set. */
export function objectPath(title: string): string {
  return `objects[${JSON.stringify(title)}]`;
}

/** Objects as a set takes them. */
export function textsOf(objects: readonly KubernetesObject[]): Record<string, string> {
  return Object.fromEntries(objects.map((object) => [objectTitle(object), textOf(object)]));
}

/** With the fields of every object first, as people write them. */
function textOf({ apiVersion, kind, metadata, ...fields }: KubernetesObject): string {
  return JSON.stringify({ apiVersion, kind, metadata, ...fields });
}
