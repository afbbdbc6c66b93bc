import { compareStrings } from '../../mesh/collections';
import { apiGroup, type KubernetesObject, objectTitle } from '../../mesh/manifests/kubernetes';
import type { Given, Intake } from './intake';
import { fromGatewayApi } from './tools/http-route';
import { fromIngress } from './tools/ingress';
import { fromCanaries, fromRollouts } from './tools/rollouts';

/** A field that cannot be converted. */
export interface NotCarried {
  /** Title of the object, e.g. `HTTPRoute shop/pay`. */
  object: string;
  /** Path of the field, e.g. `spec.rules[0].filters[1]`; '' for the object as a whole. */
  path: string;
  value?: unknown;
  /** Why, and what to do. */
  reason: string;
}

/** The gateway workload of converted Gateways and Ingresses. */
export interface GatewayWorkload {
  /** Labels of its pods. */
  selector: Record<string, string>;
  /** Its namespace, in which the Secrets of its certificates are. */
  namespace: string;
}

export interface ToolOptions {
  /** `keep`: Flagger or Argo Rollouts still moves the weights. `take`: the stack sets them from now on. Defaults to `keep`. */
  weights?: 'keep' | 'take';
  /** Whether to convert HTTPRoutes, Ingresses and Gateways of the Gateway API. Defaults to `keep`: they are not converted, and fields that could not be converted are not listed. */
  routes?: 'keep' | 'convert';
  /** Defaults to Istio's own ingress gateway: `istio: ingressgateway` in `istio-system`. */
  gateway?: GatewayWorkload;
}

/** Objects of a conversion. */
export interface Conversion {
  /** Objects that are no longer needed. */
  gone: KubernetesObject[];
  /** Istio objects in their place. */
  made: KubernetesObject[];
  /** Titles of the converted objects and of their results. */
  converted: { from: string; to: string[] }[];
  notCarried: NotCarried[];
}

export interface FromTools {
  /** The objects of the input that were not converted, and the converted ones. */
  objects: KubernetesObject[];
  /** Controllers that move the weights of VirtualServices, by `namespace/name`; the namespace is '' if the object has none. */
  weightsOwnedBy: Record<string, 'argo' | 'flagger'>;
  converted: Conversion['converted'];
  notCarried: NotCarried[];
}

const defaultGateway: GatewayWorkload = { selector: { istio: 'ingressgateway' }, namespace: 'istio-system' };

const toolKinds: Record<string, readonly string[]> = {
  'flagger.app': ['Canary'],
  'argoproj.io': ['Rollout'],
  'gateway.networking.k8s.io': ['Gateway', 'HTTPRoute'],
  'networking.k8s.io': ['Ingress'],
};

/** Whether {@link fromTools} knows a kind. */
export function isToolKind({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): boolean {
  return toolKinds[apiGroup(apiVersion)]?.includes(kind) === true;
}

/**
 * Converts objects of other tools to Istio objects, which an import can put into sections. An HTTPRoute, Gateway or Ingress with a field that cannot be converted is left unchanged, so that no
 * request takes another route.
 */
export function fromTools(
  objects: readonly KubernetesObject[],
  { weights = 'keep', routes = 'keep', gateway = defaultGateway }: ToolOptions = {},
): FromTools {
  const canaries = fromCanaries(objects, weights);
  const rollouts = fromRollouts(objects, weights);
  const converted = routes === 'keep' ? [] : [fromGatewayApi(objects, gateway), fromIngress(objects, gateway)];
  const all = [canaries, rollouts, ...converted];
  const gone = new Set(all.flatMap((one) => one.gone));
  return {
    objects: [...objects.filter((object) => !gone.has(object)), ...all.flatMap(({ made }) => made)],
    weightsOwnedBy: { ...canaries.weightsOwnedBy, ...rollouts.weightsOwnedBy },
    converted: all.flatMap((one) => one.converted).sort((a, b) => compareStrings(a.from, b.from)),
    notCarried: all.flatMap(({ notCarried }) => notCarried),
  };
}

/** Converts objects of other tools to Istio objects where the options ask for it, and records which controller moves weights. Fields that cannot be converted are listed. */
export function withTools(intake: Intake, options: ToolOptions): Intake {
  const places = new Map(intake.objects.map(({ object, place }) => [object, place]));
  const { objects, weightsOwnedBy, converted, notCarried } = fromTools([...places.keys()], options);
  const taken = objects.map((object): Given => ({ object, place: places.get(object) ?? 'converted' }));
  const kept = new Set(objects.map(objectTitle));
  return {
    ...intake,
    objects: taken,
    weightsOwnedBy,
    upgraded: [
      ...intake.upgraded,
      ...converted.map(({ from, to }) =>
        kept.has(from) ? weightsSentence(from, to) : `${from} became ${to.join(', ')}`,
      ),
    ],
    leftOut: [
      ...intake.leftOut,
      ...notCarried.map(({ object, path, reason }) => ({
        title: path === '' ? object : `${object} ${path}`,
        kind: object.split(' ')[0] ?? object,
        place: intake.objects.find((one) => objectTitle(one.object) === object)?.place ?? '',
        why: reason,
        isLoss: true,
        ...(path === '' && !kept.has(object) ? {} : { isUnconverted: true }),
      })),
    ],
  };
}

/** A controller that is not converted sets the weights of a route. */
function weightsSentence(from: string, to: readonly string[]): string {
  const routes = to.filter((title) => title.startsWith('VirtualService '));
  return `${from} still sets the weights of ${routes.join(', ')}`;
}
