import { hostsOverlap, isHostWithin } from './hosts';
import { asList, asMap, asNumber, asString, asStringMap, asStrings, isMap } from '../json';
import type { MeshConfig } from './mesh-config';
import type { MeshObject, ObjectIndex } from './objects';
import { pushTo } from '../collections';
import { hasLabels } from './workload-index';

/** An egress listener of a Sidecar. */
export interface EgressListener {
  /** Undefined for all ports without their own listener. */
  port: number | undefined;
  bind: string;
  /** Imported hosts with the namespace of their services: `*` for all, `~` for none; `.` is resolved. */
  hosts: { namespace: string; host: string }[];
  path: string;
}

/** The part of the mesh that a workload's proxy gets. */
export interface SidecarScope {
  /** Undefined when no Sidecar applies: then the proxy gets everything that is exported to it. */
  source: MeshObject | undefined;
  listeners: EgressListener[];
  outboundTrafficPolicy: 'ALLOW_ANY' | 'REGISTRY_ONLY';
}

/** The Sidecar of each workload, chosen as in istiod: one that selects it, else that of the namespace, else that of the root namespace; of several the oldest. */
export class SidecarIndex {
  private readonly byNamespace = new Map<string, MeshObject[]>();
  private readonly root: MeshObject | undefined;

  constructor(
    objects: ObjectIndex,
    private readonly config: MeshConfig,
  ) {
    const sidecars = objects.ofKind('Sidecar');
    for (const sidecar of [...sidecars.filter(hasSelector), ...sidecars.filter((one) => !hasSelector(one))]) {
      pushTo(this.byNamespace, sidecar.namespace, sidecar);
    }
    this.root = this.byNamespace.get(config.rootNamespace)?.find((sidecar) => !hasSelector(sidecar));
  }

  scope(namespace: string, labels: Record<string, string>): SidecarScope {
    const own = this.byNamespace
      .get(namespace)
      ?.find((sidecar) => !hasSelector(sidecar) || hasLabels(labels, selectorOf(sidecar)));
    const source = own ?? this.root;
    const egress = asList(source?.spec['egress']);
    const mode = asString(asMap(source?.spec['outboundTrafficPolicy'])['mode']);
    return {
      source,
      listeners: (egress.length === 0 ? [{ hosts: ['*/*'] }] : egress).map((listener, index) =>
        egressListener(listener, namespace, `spec.egress[${index}]`),
      ),
      outboundTrafficPolicy: isMap(source?.spec['outboundTrafficPolicy'])
        ? mode === 'ALLOW_ANY'
          ? 'ALLOW_ANY'
          : 'REGISTRY_ONLY'
        : this.config.outboundTrafficPolicy,
    };
  }
}

/** Whether a listener imports a service. */
export function importsService(listener: EgressListener, service: { hostname: string; namespace: string }): boolean {
  return listener.hosts.some(
    ({ namespace, host }) =>
      (namespace === '*' || namespace === service.namespace) && isHostWithin(service.hostname, host),
  );
}

/** Whether a listener imports a VirtualService: one overlapping host is enough. */
export function importsVirtualService(
  listener: EgressListener,
  virtualService: { hosts: readonly string[]; namespace: string },
): boolean {
  return listener.hosts.some(
    ({ namespace, host }) =>
      (namespace === '*' || namespace === virtualService.namespace) &&
      virtualService.hosts.some((other) => hostsOverlap(host, other)),
  );
}

function hasSelector({ spec }: MeshObject): boolean {
  return isMap(spec['workloadSelector']);
}

function selectorOf({ spec }: MeshObject): Record<string, string> {
  return asStringMap(asMap(spec['workloadSelector'])['labels']);
}

function egressListener(value: unknown, configNamespace: string, path: string): EgressListener {
  const listener = asMap(value);
  const hosts = asStrings(listener['hosts']).flatMap((entry) => {
    const [namespace = '', host, ...rest] = entry.split('/');
    if (host === undefined || rest.length > 0) return [];
    return [{ namespace: namespace === '.' ? configNamespace : namespace, host }];
  });
  return { port: asNumber(asMap(listener['port'])['number']), bind: asString(listener['bind']) ?? '', hosts, path };
}
