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
 * Istio's types by Istio's names, from a package generated from its CRDs. These are types only: the package is not loaded at run time.
 */
export type VirtualServiceSpec = NonNullable<IVirtualService['spec']>;
export type HttpRoute = NonNullable<VirtualServiceSpec['http']>[number];
/** Changes to headers of the requests to one destination. */
export type DestinationHeaders = NonNullable<NonNullable<HttpRoute['route']>[number]['headers']>;
export type TcpRoute = NonNullable<VirtualServiceSpec['tcp']>[number];
export type TlsRoute = NonNullable<VirtualServiceSpec['tls']>[number];
type GeneratedDestinationRuleSpec = NonNullable<IDestinationRule['spec']>;
export type TrafficPolicy = NonNullable<GeneratedDestinationRuleSpec['trafficPolicy']>;
/**
 * Uses the rule's TrafficPolicy type: the package declares a second one for subsets, and the compiler takes a minute to
 * compare the two.
 */
export type Subset = Omit<NonNullable<GeneratedDestinationRuleSpec['subsets']>[number], 'trafficPolicy'> & {
  trafficPolicy?: TrafficPolicy;
};
export type DestinationRuleSpec = Omit<GeneratedDestinationRuleSpec, 'subsets'> & { subsets?: Subset[] };
export type WorkloadSelector = NonNullable<DestinationRuleSpec['workloadSelector']>;
export type GatewaySpec = NonNullable<IGateway['spec']>;
export type GatewayServer = NonNullable<GatewaySpec['servers']>[number];

/** Versions of the networking API that Istio 1.30 serves; all of them are stored as v1. */
export const networkingVersions = [
  'networking.istio.io/v1',
  'networking.istio.io/v1beta1',
  'networking.istio.io/v1alpha3',
] as const;
export type NetworkingVersion = (typeof networkingVersions)[number];

/** The default Istio version, which is installed and whose CRDs are assumed. */
export const defaultIstioVersion = '1.30.3';
