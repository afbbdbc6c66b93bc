import * as pulumi from '@pulumi/pulumi';
import { ChangeGuard } from './change-guard';
import { childOptions } from './child-options';
import { kubernetesObject } from './kubernetes-object';
import type { KubernetesObject } from './manifests/kubernetes';
import { allRouteObjects, type RouteObjects } from './manifests/route-objects';
import type { RouteSettings } from './manifests/settings';
import type { Verbatim } from './manifests/verbatim';
import { RouteProof, type ProvenRoute, type RouteProofArgs } from './route-proof';
import { refuseFindings, type CheckOptions } from './refuse-findings';
import type { SecretOptions } from './secret-options';
import { routeSplits, type RouteSplits } from './route-splits';

export interface RoutesArgs extends SecretOptions {
  /** Namespace of the services and of all objects that route to them. */
  namespace: string;
  /** Routes by service. */
  services: Record<string, RouteSettings>;
  /** Options of the check of the routes; false when they were checked already, together with all others. */
  policy?: Verbatim<CheckOptions | false>;
  /** Options of the check of changes, above all `maxStep` and `initialStep`. Defaults to `policy`. */
  changes?: Verbatim<CheckOptions>;
  /** How the routes are proven to be live. Defaults to no proof, as a component does not know the cluster of its provider. */
  proof?: Verbatim<RouteProofArgs>;
}

/**
 * The routes of one namespace: per service its DestinationRules, then the VirtualService that names their subsets.
 *
 * Make before break: on create a subset is there before the route to it, and as Pulumi deletes last, a retired version's rule goes after the route has left it. Nothing here may be deleted before
 * it is replaced. Only this component knows how many resources carry a route. Make it depend on the apps, so that a new version is Ready before it gets requests; each route waits for those that it
 * sends requests to.
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
    const routes = allRouteObjects({ [args.namespace]: args.services });
    refuseFindings(`routes of ${args.namespace}`, routes.flatMap(objectsOf), args.policy);
    super('meshwright:index:Routes', name, {}, opts);
    const guard = changeGuard(name, args, routes);
    const proof = routeProof(name, args.proof, routes);
    for (const route of routes) {
      const rules = route.destinationRules.map(({ object }) => {
        const options = pulumi.mergeOptions(childOptions(this, opts, [], object), guard?.ofRule(object) ?? {});
        return kubernetesObject(`${name}-${object.metadata.name}`, object, options, args.secret);
      });
      const routing = route.virtualService?.object;
      if (routing !== undefined) {
        const guarded = pulumi.mergeOptions(
          childOptions(this, opts, rules, routing),
          guard?.ofRoute(routing, route) ?? {},
        );
        const options = pulumi.mergeOptions(guarded, proof?.resourceOptions() ?? {});
        const resource = kubernetesObject(`${name}-${routing.metadata.name}`, routing, options, args.secret);
        proof?.proveUnchanged(resource, provenRoute(route, routing));
      }
    }
    this.namespace = args.namespace;
    this.splits = routeSplits(routes);
    this.registerOutputs({ namespace: this.namespace, splits: this.splits });
  }
}

// Pulumi's mocks have no engine that could call a hook, and wait for ever when one is registered.

function changeGuard(name: string, args: RoutesArgs, routes: RouteObjects[]): ChangeGuard | undefined {
  const options = args.changes ?? (args.policy === false ? undefined : args.policy) ?? {};
  return pulumi.runtime.hasEngine() && ChangeGuard.isNeeded(routes, options)
    ? new ChangeGuard(name, options)
    : undefined;
}

function routeProof(name: string, args: RouteProofArgs | undefined, routes: RouteObjects[]): RouteProof | undefined {
  if (args === undefined || args.enabled === false || !pulumi.runtime.hasEngine()) return undefined;
  const proven = routes.flatMap((route) =>
    route.virtualService === undefined ? [] : [provenRoute(route, route.virtualService.object)],
  );
  return new RouteProof(name, args, proven);
}

function provenRoute({ destinationRules }: RouteObjects, virtualService: KubernetesObject): ProvenRoute {
  const restricted = destinationRules.some(
    ({ object }) => object.spec['exportTo'] !== undefined || object.spec['workloadSelector'] !== undefined,
  );
  return { virtualService, restricted };
}

function objectsOf({ destinationRules, virtualService }: RouteObjects): KubernetesObject[] {
  return [...destinationRules, ...(virtualService === undefined ? [] : [virtualService])].map(({ object }) => object);
}
