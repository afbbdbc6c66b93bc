import { HostMap, resolveHost } from './hosts';
import { asList, asMap, asName, asNumber, asString, asStringMap, asStrings, type JsonMap } from '../json';
import { isVisible, type MeshConfig, visibility, type Visibility } from './mesh-config';
import type { MeshObject, ObjectIndex } from './objects';
import { pushTo } from '../collections';
import { parseProtocol, type Protocol, servicePortProtocol } from './protocol';

/** A port of a service. */
export interface MeshServicePort {
  number: number;
  name: string;
  protocol: Protocol;
  /** Port of the pods: a number or the name of a container port. Defaults to `number`. */
  targetPort: number | string;
}

/** An endpoint that a ServiceEntry lists. */
export interface ServiceEndpoint {
  address: string;
  labels: Record<string, string>;
  /** Own ports, by name of the service's port. */
  ports: Record<string, number>;
  weight: number | undefined;
}

/** A Kubernetes Service, or one host of a ServiceEntry, as in istiod's registry. */
export interface MeshService {
  /** FQDN; a ServiceEntry's host may be a wildcard. */
  hostname: string;
  /** Name of the object. */
  name: string;
  namespace: string;
  registry: 'Kubernetes' | 'External';
  source: MeshObject;
  ports: readonly MeshServicePort[];
  seenBy: Visibility;
  /** Discovery of endpoints; `Alias` is a Service of type ExternalName, `None` a headless Service or a ServiceEntry with resolution NONE. */
  resolution: 'Static' | 'None' | 'DNS' | 'DNSRoundRobin' | 'DynamicDNS' | 'Alias';
  /** Labels of the pods and WorkloadEntries that it selects; undefined without a selector. */
  selector: Record<string, string> | undefined;
  /** Endpoints that a ServiceEntry lists itself. */
  endpoints: readonly ServiceEndpoint[];
  /** Virtual addresses; none for a headless Service, and before the cluster assigns one. */
  addresses: readonly string[];
  /** Target of an ExternalName Service. */
  externalName: string | undefined;
  /** Outside the mesh: ExternalName, or a ServiceEntry that is not MESH_INTERNAL. */
  external: boolean;
}

/** All services, in creation order. */
export function meshServices(objects: ObjectIndex, config: MeshConfig): MeshService[] {
  return [
    ...objects.ofKind('Service').map((object) => kubernetesService(object, config)),
    ...objects.ofKind('ServiceEntry').flatMap((object) => serviceEntryServices(object, config)),
  ];
}

function kubernetesService(source: MeshObject, config: MeshConfig): MeshService {
  const { spec, name, namespace } = source;
  const externalName = spec['type'] === 'ExternalName' ? asName(spec['externalName']) : undefined;
  const headless = spec['clusterIP'] === 'None';
  const exportTo = asName(source.annotations['networking.istio.io/exportTo']);
  const selector = asStringMap(spec['selector']);
  return {
    hostname: `${name}.${namespace}.svc.${config.domain}`,
    name,
    namespace,
    registry: 'Kubernetes',
    source,
    ports: asList(spec['ports']).flatMap((port) => kubernetesPort(asMap(port))),
    seenBy: visibility(
      exportTo?.split(',').map((entry) => entry.trim()) ?? [],
      namespace,
      config.defaultServiceExportTo,
    ),
    resolution: headless ? 'None' : externalName !== undefined ? 'Alias' : 'Static',
    selector: Object.keys(selector).length > 0 ? selector : undefined,
    endpoints: [],
    addresses: headless ? [] : clusterAddresses(spec),
    externalName,
    external: externalName !== undefined,
  };
}

function clusterAddresses(spec: JsonMap): string[] {
  const several = asStrings(spec['clusterIPs']);
  const one = asName(spec['clusterIP']);
  return several.length > 0 ? several : one === undefined ? [] : [one];
}

function kubernetesPort(port: JsonMap): MeshServicePort[] {
  const number = asNumber(port['port']);
  if (number === undefined) return [];
  const name = asString(port['name']) ?? '';
  const protocol = servicePortProtocol({
    number,
    name,
    transport: asString(port['protocol']),
    appProtocol: asString(port['appProtocol']),
  });
  return [{ number, name, protocol, targetPort: asNumber(port['targetPort']) ?? asName(port['targetPort']) ?? number }];
}

const resolutions: Record<string, MeshService['resolution']> = {
  STATIC: 'Static',
  DNS: 'DNS',
  DNS_ROUND_ROBIN: 'DNSRoundRobin',
  DYNAMIC_DNS: 'DynamicDNS',
};

function serviceEntryServices(source: MeshObject, config: MeshConfig): MeshService[] {
  const { spec, name, namespace } = source;
  const workloadSelector = asMap(spec['workloadSelector'])['labels'];
  const shared = {
    name,
    namespace,
    registry: 'External' as const,
    source,
    ports: asList(spec['ports']).flatMap((port) => entryPort(asMap(port))),
    seenBy: visibility(asStrings(spec['exportTo']), namespace, config.defaultServiceExportTo),
    resolution: resolutions[asString(spec['resolution']) ?? ''] ?? ('None' as const),
    selector: spec['workloadSelector'] === undefined ? undefined : asStringMap(workloadSelector),
    endpoints: asList(spec['endpoints']).flatMap((endpoint) => entryEndpoint(asMap(endpoint))),
    addresses: asStrings(spec['addresses']),
    externalName: undefined,
    external: spec['location'] !== 'MESH_INTERNAL',
  };
  return [...new Set(asStrings(spec['hosts']))].map((hostname) => ({ hostname, ...shared }));
}

function entryPort(port: JsonMap): MeshServicePort[] {
  const number = asNumber(port['number']);
  if (number === undefined) return [];
  return [
    {
      number,
      name: asString(port['name']) ?? '',
      protocol: parseProtocol(asString(port['protocol']) ?? ''),
      targetPort: asNumber(port['targetPort']) ?? number,
    },
  ];
}

function entryEndpoint(endpoint: JsonMap): ServiceEndpoint[] {
  const address = asName(endpoint['address']);
  if (address === undefined) return [];
  const ports = Object.entries(asMap(endpoint['ports'])).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return [
    {
      address,
      labels: asStringMap(endpoint['labels']),
      ports: Object.fromEntries(ports),
      weight: asNumber(endpoint['weight']),
    },
  ];
}

/** Services by host and by client. */
export class ServiceIndex {
  private readonly byHost = new HostMap<MeshService[]>();
  private readonly byNamespace = new Map<string, MeshService[]>();
  private readonly byPort = new Map<number, MeshService[]>();

  constructor(
    /** In creation order. */
    readonly all: readonly MeshService[],
    private readonly config: MeshConfig,
  ) {
    for (const service of all) {
      pushTo(this.byHost, service.hostname, service);
      pushTo(this.byNamespace, service.namespace, service);
      for (const port of new Set(service.ports.map(({ number }) => number))) pushTo(this.byPort, port, service);
    }
  }

  /** Services of every namespace with exactly this FQDN or ServiceEntry host, regardless of exportTo. */
  withHost(fqdn: string): readonly MeshService[] {
    return this.byHost.get(fqdn) ?? [];
  }

  inNamespace(namespace: string): readonly MeshService[] {
    return this.byNamespace.get(namespace) ?? [];
  }

  withPort(port: number): readonly MeshService[] {
    return this.byPort.get(port) ?? [];
  }

  /** All hosts, each once. */
  hosts(): Iterable<string> {
    return this.byHost.keys();
  }

  /**
   * The service that proxies of `fromNamespace` use for a host in a route or rule of that namespace. A short name is a Service of that namespace; a wildcard
   * ServiceEntry does not count for a host that it matches (see {@link covering}).
   */
  resolve(host: string, fromNamespace: string): MeshService | undefined {
    return this.seenFrom(resolveHost(host, fromNamespace, this.config.domain), fromNamespace);
  }

  /**
   * The service with this FQDN that proxies of a namespace see. Of several, the one in the proxy's own namespace wins, then a Kubernetes Service, then one that is
   * exported to exactly this namespace, then the oldest (istio pilot/pkg/model/sidecar.go, selectServices).
   */
  seenFrom(fqdn: string, clientNamespace: string): MeshService | undefined {
    const visible = this.withHost(fqdn).filter((service) => isVisible(service.seenBy, clientNamespace));
    if (visible.length <= 1) return visible[0];
    const rank = (service: MeshService): number =>
      (service.namespace === clientNamespace ? 0 : 4) +
      (service.registry === 'Kubernetes' ? 0 : 2) +
      (service.seenBy === '*' ? 1 : 0);
    return visible.reduce((best, service) => (rank(service) < rank(best) ? service : best));
  }

  /** Whether a service is exported to a namespace. */
  sees(service: MeshService, clientNamespace: string): boolean {
    return isVisible(service.seenBy, clientNamespace);
  }

  /** Like {@link seenFrom}, but without a service of that name a wildcard ServiceEntry that matches it counts. */
  covering(fqdn: string, clientNamespace: string): MeshService | undefined {
    const host = this.byHost.mostSpecific(fqdn);
    return host === undefined ? undefined : this.seenFrom(host, clientNamespace);
  }
}
