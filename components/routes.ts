import * as pulumi from '@pulumi/pulumi';
import { childOptions } from './child-options';
import { defined } from '../mesh/manifests/kubernetes';
import { allRouteObjects, objectsOfRoute } from '../mesh/manifests/route-objects';
import type { ChangeLimits, SetProof } from '../mesh/manifests/route-set';
import type { RouteSettings } from '../mesh/manifests/settings';
import type { Verbatim } from '../mesh/manifests/verbatim';
import { refuseFindings, type CheckOptions } from './refuse-findings';
import { RouteSet } from './route-set';
import { routeSplits, type RouteSplits } from './route-splits';
import type { SecretOptions } from './secret-options';

/** How routes are proven, and in which cluster they are. */
export interface RouteProofArgs extends SetProof {
  /** Path or text of the cluster's kubeconfig. Defaults to what kubectl takes. */
  kubeconfig?: string;
  /** Context of the kubeconfig. Defaults to the current one. */
  context?: string;
}

export interface RoutesArgs extends SecretOptions {
  /** Namespace of the services and of all objects that route to them. */
  namespace: string;
  /** Routes by service. */
  services: Record<string, RouteSettings>;
  /** Options of the check of the routes; false when they were checked already, together with all others. */
  policy?: Verbatim<CheckOptions | false>;
  /** Options of the check of changes, above all `maxStep` and `initialStep`. Defaults to `policy`. */
  changes?: Verbatim<CheckOptions>;
  /** Which cluster the routes are for, and how they are proven to be live. Defaults to the cluster that kubectl takes, and no proof. */
  proof?: Verbatim<RouteProofArgs>;
}

/**
 * The routes of one namespace: per service its DestinationRules, and the VirtualService that names their subsets. All of them are one resource, whose provider makes before it breaks, and proves what it
 * has made (docs/decisions/route-set.md). Only this component knows how many resources carry a route. Make it depend on the apps, so that a new version is Ready before it gets requests; it waits for
 * those that its routes send requests to.
 */
export class Routes extends pulumi.ComponentResource {
  /** Namespace of the routes. */
  readonly namespace: string;
  /** Who gets the requests, in percent: service → rule → version. */
  readonly splits: Verbatim<RouteSplits>;

  /**
   * @param opts - resource options; rename the component with `aliases`
   * @throws pulumi.ResourceError listing every mandatory finding on the routes, before anything is registered.
   */
  constructor(name: string, args: RoutesArgs, opts?: pulumi.ComponentResourceOptions) {
    const { namespace, proof: { kubeconfig, context, ...proof } = {} } = args;
    const routes = allRouteObjects({ [namespace]: args.services });
    const objects = routes.flatMap(objectsOfRoute);
    refuseFindings(`routes of ${namespace}`, objects, args.policy);
    super('meshwright:index:Routes', name, {}, opts);
    const set = {
      namespace,
      objects,
      ...defined({ kubeconfig, context, limits: limits(args) }),
      ...(args.proof === undefined ? {} : { proof }),
    };
    new RouteSet(name, set, childOptions(this, opts, [], ...objects), args.secret);
    this.namespace = namespace;
    this.splits = routeSplits(routes);
    this.registerOutputs({ namespace: this.namespace, splits: this.splits });
  }
}

/** What the check of changes needs of its options; undefined when it is told nothing. */
function limits({ changes, policy }: RoutesArgs): ChangeLimits | undefined {
  const { rules, maxStep, initialStep } = changes ?? (policy === false ? undefined : policy) ?? {};
  const told = defined({ rules, maxStep, initialStep });
  return Object.keys(told).length === 0 ? undefined : told;
}
