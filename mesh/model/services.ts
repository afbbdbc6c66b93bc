import { asList, asMap, asName, asNumber, asText, asTextMap, asTexts, type JsonMap } from './json';
import type { MeshConfig } from './mesh-config';
import type { MeshObject, ObjectIndex } from './object-index';
import { parseProtocol, servicePortProtocol, type Protocol } from './protocol';
import { visibility, type Visibility } from './visibility';

/** A port of a service. */
export interface ServicePort {
  number: number;
  name: string;
  protocol: Protocol;
  /** Port of the pods: a number, or the name of a container port. Defaults to `number`. */
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

/** A Kubernetes Service, or one host of a ServiceEntry, as istiod's registry holds it. */
export interface MeshService {
  /** FQDN; a ServiceEntry's host may be a wildcard. */
  hostname: string;
  /** Name of the object. */
  name: string;
  namespace: string;
  registry: 'Kubernetes' | 'External';
  source: MeshObject;
  ports: readonly ServicePort[];
  seenBy: Visibility;
  /** How the proxy finds endpoints; `Alias` is a Service of type ExternalName, `None` a headless Service or a ServiceEntry with resolution NONE. */
  resolution: 'Static' | 'None' | 'DNS' | 'DNSRoundRobin' | 'DynamicDNS' | 'Alias';
  /** Labels of the pods (and WorkloadEntries) behind it; undefined when it selects none. */
  selector: Record<string, string> | undefined;
  /** Endpoints that a ServiceEntry lists itself. */
  endpoints: readonly ServiceEndpoint[];
  /** Virtual addresses; none for a headless Service, and for one that has not been given its address yet. */
  addresses: readonly string[];
  /** Host that an ExternalName Service stands for. */
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
  const selector = asTextMap(spec['selector']);
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
  const several = asTexts(spec['clusterIPs']);
  const one = asName(spec['clusterIP']);
  return several.length > 0 ? several : one === undefined ? [] : [one];
}

function kubernetesPort(port: JsonMap): ServicePort[] {
  const number = asNumber(port['port']);
  if (number === undefined) return [];
  const name = asText(port['name']) ?? '';
  const protocol = servicePortProtocol({
    number,
    name,
    transport: asText(port['protocol']),
    appProtocol: asText(port['appProtocol']),
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
    seenBy: visibility(asTexts(spec['exportTo']), namespace, config.defaultServiceExportTo),
    resolution: resolutions[asText(spec['resolution']) ?? ''] ?? ('None' as const),
    selector: spec['workloadSelector'] === undefined ? undefined : asTextMap(workloadSelector),
    endpoints: asList(spec['endpoints']).flatMap((endpoint) => entryEndpoint(asMap(endpoint))),
    addresses: asTexts(spec['addresses']),
    externalName: undefined,
    external: spec['location'] !== 'MESH_INTERNAL',
  };
  return [...new Set(asTexts(spec['hosts']))].map((hostname) => ({ hostname, ...shared }));
}

function entryPort(port: JsonMap): ServicePort[] {
  const number = asNumber(port['number']);
  if (number === undefined) return [];
  return [
    {
      number,
      name: asText(port['name']) ?? '',
      protocol: parseProtocol(asText(port['protocol']) ?? ''),
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
      labels: asTextMap(endpoint['labels']),
      ports: Object.fromEntries(ports),
      weight: asNumber(endpoint['weight']),
    },
  ];
}
