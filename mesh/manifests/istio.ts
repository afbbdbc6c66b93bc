import type { IDestinationRule } from '@kubernetes-models/istio/networking.istio.io/v1/DestinationRule' with {
  'resolution-mode': 'import',
};
import type { IGateway } from '@kubernetes-models/istio/networking.istio.io/v1/Gateway' with {
  'resolution-mode': 'import',
};
import type { IVirtualService } from '@kubernetes-models/istio/networking.istio.io/v1/VirtualService' with {
  'resolution-mode': 'import',
};

/**
 * Istio's own types, by Istio's own names, from a package generated from its CRDs. Types only: nothing of the package is loaded when the program runs.
 */
export type VirtualServiceSpec = NonNullable<IVirtualService['spec']>;
export type HttpRoute = NonNullable<VirtualServiceSpec['http']>[number];
export type TcpRoute = NonNullable<VirtualServiceSpec['tcp']>[number];
export type TlsRoute = NonNullable<VirtualServiceSpec['tls']>[number];
type GeneratedDestinationRuleSpec = NonNullable<IDestinationRule['spec']>;
export type TrafficPolicy = NonNullable<GeneratedDestinationRuleSpec['trafficPolicy']>;
/** With the one TrafficPolicy: the package has the same type a second time for subsets, and to compare the two takes the compiler a minute. */
export type Subset = Omit<NonNullable<GeneratedDestinationRuleSpec['subsets']>[number], 'trafficPolicy'> & {
  trafficPolicy?: TrafficPolicy;
};
export type DestinationRuleSpec = Omit<GeneratedDestinationRuleSpec, 'subsets'> & { subsets?: Subset[] };
export type WorkloadSelector = NonNullable<DestinationRuleSpec['workloadSelector']>;
export type GatewaySpec = NonNullable<IGateway['spec']>;
export type GatewayServer = NonNullable<GatewaySpec['servers']>[number];

/** Versions of the networking API that Istio 1.30 serves; objects are stored as v1 whatever they are written in. */
export const networkingVersions = [
  'networking.istio.io/v1',
  'networking.istio.io/v1beta1',
  'networking.istio.io/v1alpha3',
] as const;
export type NetworkingVersion = (typeof networkingVersions)[number];

/** The Istio release that is installed, and whose CRDs are assumed, unless the stack says otherwise. */
export const defaultIstioVersion = '1.30.3';
