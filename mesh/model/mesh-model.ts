import { isDeepStrictEqual } from 'node:util';
import { asList, asMap } from '../json';
import type { KubernetesObject } from '../manifests/kubernetes';
import { DestinationRuleIndex, type EffectiveRule } from './destination-rules';
import { GatewayIndex, type MeshGateway } from './gateways';
import { resolveHost } from './hosts';
import { type Externals, meshConfig, type MeshConfig, type MeshOptions, type WeightOwners } from './mesh-config';
import { type KnownNamespace, namespaces, ObjectIndex } from './objects';
import { PeerAuthenticationIndex } from './peer-authentication';
import { memoizeLast } from './memoize';
import { type MeshService, meshServices, ServiceIndex } from './services';
import { SidecarIndex } from './sidecars';
import { VirtualServiceIndex } from './virtual-services';
import { hasLabels, WorkloadIndex } from './workload-index';
import { type MeshWorkload, meshWorkloads } from './workloads';

/**
 * A set of objects as istiod 1.30 reads a mesh: names, visibility, and the rules in effect. Every index is a map, so that a lookup costs the same in a large mesh.
 * The order of the input does not matter; where the oldest object wins in istiod, it wins here.
 */
export class MeshModel {
  readonly config: MeshConfig;
  readonly objects: ObjectIndex;
  readonly namespaces: ReadonlyMap<string, KnownNamespace>;
  /** Things that exist besides the objects; see externals.ts. */
  readonly externals: Externals;
  /** Whether the objects and the externals are complete. */
  readonly complete: boolean;
  readonly weightOwners: WeightOwners;
  // Each index is built on first use: a check of single objects needs none.
  #services: ServiceIndex | undefined;
  #workloads: WorkloadIndex | undefined;
  #gateways: GatewayIndex | undefined;
  #virtualServices: VirtualServiceIndex | undefined;
  #destinationRules: DestinationRuleIndex | undefined;
  #peerAuthentications: PeerAuthenticationIndex | undefined;
  #sidecars: SidecarIndex | undefined;

  constructor(objects: readonly KubernetesObject[], options: MeshOptions = {}) {
    this.objects = new ObjectIndex(objects);
    this.externals = options.externals ?? {};
    this.complete = options.complete ?? false;
    this.weightOwners = options.weightOwners ?? {};
    this.config = meshConfig(
      this.objects.all.map(({ object }) => object),
      options,
    );
    this.namespaces = namespaces(this.objects, this.config);
  }

  get services(): ServiceIndex {
    return (this.#services ??= new ServiceIndex(meshServices(this.objects, this.config), this.config));
  }

  get workloads(): WorkloadIndex {
    return (this.#workloads ??= new WorkloadIndex(meshWorkloads(this.objects, this.namespaces)));
  }

  get gateways(): GatewayIndex {
    return (this.#gateways ??= new GatewayIndex(this.objects));
  }

  get virtualServices(): VirtualServiceIndex {
    return (this.#virtualServices ??= new VirtualServiceIndex(this.objects, this.config));
  }

  get destinationRules(): DestinationRuleIndex {
    return (this.#destinationRules ??= new DestinationRuleIndex(this.objects, this.config));
  }

  get peerAuthentications(): PeerAuthenticationIndex {
    return (this.#peerAuthentications ??= new PeerAuthenticationIndex(this.objects, this.config));
  }

  get sidecars(): SidecarIndex {
    return (this.#sidecars ??= new SidecarIndex(this.objects, this.config));
  }

  /** The FQDN of a host that an object of `namespace` names. */
  resolveHost(host: string, namespace: string): string {
    return resolveHost(host, namespace, this.config.domain);
  }

  /** The service of a host that an object of a namespace names, as proxies of that namespace see it. */
  serviceFor(host: string, fromNamespace: string): MeshService | undefined {
    return this.services.resolve(host, fromNamespace);
  }

  /**
   * The DestinationRule in effect for a host (short name in `clientNamespace`, or FQDN) when workloads of that namespace call it. For a host without a service only
   * rules of the client's and the root namespace count.
   */
  destinationRuleFor(
    host: string,
    clientNamespace: string,
    clientLabels?: Record<string, string>,
  ): EffectiveRule | undefined {
    const hostname = this.resolveHost(host, clientNamespace);
    const service = this.services.covering(hostname, clientNamespace);
    return this.destinationRules.forService(
      { hostname, namespace: service?.namespace ?? '' },
      clientNamespace,
      clientLabels,
    );
  }

  /** Whether a workload is a gateway: a proxy without an application. */
  isGateway({ labels, annotations, podSpec }: MeshWorkload): boolean {
    const templates = annotations['inject.istio.io/templates'] ?? labels['inject.istio.io/templates'] ?? '';
    if (templates.includes('gateway') || 'gateway.networking.k8s.io/gateway-name' in labels) return true;
    const containers = asList(podSpec['containers']).map(asMap);
    if (containers.length > 0 && containers.every(({ name }) => name === 'istio-proxy')) return true;
    return this.gateways.all.some(({ selector }) => selector !== undefined && hasLabels(labels, selector));
  }

  /** Workloads that a Gateway selects, in every namespace; none for a Gateway without a selector. */
  gatewayWorkloads(gateway: MeshGateway): MeshWorkload[] {
    return gateway.selector === undefined ? [] : this.workloads.selectedBy(gateway.selector);
  }
}

type Input = readonly [objects: readonly KubernetesObject[], options?: MeshOptions];

/**
 * Builds the model; never throws. A malformed field counts as absent, and an object without a kind or a name is left out. The last model is memoized, so neither the
 * list nor its objects may be changed afterwards.
 */
export const meshModel: (...input: Input) => MeshModel = memoizeLast(
  (...input: Input) => new MeshModel(...input),
  ([objects, options], [others, otherOptions]) =>
    isDeepStrictEqual(options, otherOptions) &&
    objects.length === others.length &&
    objects.every((object, index) => object === others[index]),
);

export type { EffectiveMtls, MtlsMode } from './peer-authentication';
export type { EffectiveRule } from './destination-rules';
export type { MeshGatewayServer, MeshGateway } from './gateways';
export type { Externals, MeshConfig, MeshOptions, WeightOwners } from './mesh-config';
export type { MeshKind, MeshObject } from './objects';
export type { KnownNamespace } from './objects';
export type { MeshService, ServiceEndpoint } from './services';
export type { MeshVirtualService, SourcedRoute } from './virtual-services';
export type { MeshWorkload } from './workloads';
export type { SidecarScope } from './sidecars';
