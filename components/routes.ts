import * as pulumi from '@pulumi/pulumi';
import { isKubeconfigText } from '../mesh/manifests/formats';
import { defined } from '../mesh/manifests/kubernetes';
import { allRouteObjects, objectsOfRoute, type RouteObjects } from '../mesh/manifests/routes';
import { routeType, serializedObjects, type ChangeLimits, type SetProof } from '../mesh/manifests/route-set';
import { weightsOf, type RuleWeights } from '../mesh/manifests/route-weights';
import type { RouteSettings } from '../mesh/manifests/settings';
import type { Verbatim } from '../mesh/manifests/verbatim';
import { splitProblems } from '../mesh/manifests/weights';
import { childOptions, type SecretOptions } from './resources';

/** How routes are proven, and in which cluster they are. */
export interface RouteProofArgs extends SetProof {
  /** Path or content of the kubeconfig. Defaults to kubectl's. */
  kubeconfig?: string;
  /** Context of the kubeconfig. Defaults to the current one. */
  context?: string;
}

export interface RoutesArgs extends SecretOptions {
  /** Namespace of the services and of all objects that route to them. */
  namespace: string;
  /** Routes by service. */
  services: Record<string, RouteSettings>;
  /** Levels of rules, and limits on what one update may change: `maxStep`, `initialStep`. Default to the rules' own levels, and no limits. */
  limits?: Verbatim<ChangeLimits>;
  /** The cluster of the routes, and how to prove that its proxies serve them. Defaults to kubectl's cluster, and no proof. */
  proof?: Verbatim<RouteProofArgs>;
}

/**
 * The routes of a namespace. Each service's route is one resource: its DestinationRules and the VirtualService that names their subsets. The provider makes before it breaks, and proves what it has made
 * (docs/decisions/one-resource-per-route.md). Make this depend on the apps, so that a new version is Ready before it gets requests; a route waits for the apps that it sends requests to.
 */
export class Routes extends pulumi.ComponentResource {
  /** Namespace of the routes. */
  readonly namespace: string;
  /** Weights in percent: service → version, or service → rule → version where a service has several rules. */
  readonly weights: Verbatim<Record<string, RuleWeights>>;

  /** @param opts - resource options; rename the component with `aliases` */
  constructor(name: string, args: RoutesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('meshwright:index:Routes', name, {}, opts);
    const { namespace, services } = args;
    refuseWrongWeights(name, services, opts);
    const routes = allRouteObjects({ [namespace]: services });
    for (const route of routes) {
      const { weightsOwnedBy } = services[route.service] ?? {};
      const inputs = routeInputs(route, args, weightsOwnedBy);
      const options = childOptions(this, opts, [], ...objectsOfRoute(route));
      new Route(`${name}/${route.service}`, inputs, options);
    }
    this.namespace = namespace;
    this.weights = Object.fromEntries(routes.flatMap((route) => weightEntry(route)));
    this.registerOutputs({
      namespace: this.namespace,
      weights: args.secret === true ? pulumi.secret(this.weights) : this.weights,
    });
  }
}

/** @throws pulumi.ResourceError when weights are not valid, e.g. do not sum to 100 */
function refuseWrongWeights(
  name: string,
  services: RoutesArgs['services'],
  opts: pulumi.ComponentResourceOptions = {},
): void {
  const problems = Object.entries(services).flatMap(([service, route]) =>
    splitProblems(service, route).map(({ path, message }) => `services.${[service, ...path].join('.')}: ${message}`),
  );
  if (problems.length === 0) return;
  throw new pulumi.ResourceError([`invalid weights of Routes ${name}`, ...problems].join('\n  '), opts.parent, true);
}

/** The objects of one service's route. The provider in provider/ handles it. */
class Route extends pulumi.CustomResource {
  constructor(name: string, inputs: pulumi.Inputs, opts: pulumi.CustomResourceOptions) {
    super(routeType, name, inputs, opts);
  }
}

/** With `secret`, the names of the objects are not encrypted. */
function routeInputs(route: RouteObjects, args: RoutesArgs, weightsOwnedBy: string | undefined): pulumi.Inputs {
  const { namespace, secret = false, limits, proof: { kubeconfig, context, ...proof } = {} } = args;
  const seal = <T>(value: T): pulumi.Input<T> => (secret ? (pulumi.secret(value) as pulumi.Output<T>) : value);
  const objects = Object.entries(serializedObjects(objectsOfRoute(route))).map(([title, json]) => [title, seal(json)]);
  const { virtualService } = route;
  return {
    namespace,
    objects: Object.fromEntries(objects) as Record<string, pulumi.Input<string>>,
    ...(virtualService === undefined ? {} : { weights: seal(weightsOf(virtualService.object)) }),
    ...defined({ weightsOwnedBy, context, limits: stated(limits) }),
    ...(kubeconfig === undefined
      ? {}
      : { kubeconfig: isKubeconfigText(kubeconfig) ? pulumi.secret(kubeconfig) : kubeconfig }),
    ...(args.proof === undefined ? {} : { proof }),
  };
}

/** Only the options that the provider knows, and undefined for none: callers may pass all options of the policy. */
function stated({ rules, maxStep, initialStep }: ChangeLimits = {}): ChangeLimits | undefined {
  const limits = defined({ rules, maxStep, initialStep });
  return Object.keys(limits).length === 0 ? undefined : limits;
}

function weightEntry({ service, virtualService }: RouteObjects): [string, RuleWeights][] {
  return virtualService === undefined ? [] : [[service, weightsOf(virtualService.object)]];
}
