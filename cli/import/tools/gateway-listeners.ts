import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { asList, asMap, asName, asNumber, type JsonMap } from '../../../mesh/json';
import type { GatewayWorkload } from '../from-tools';
import { networkingObject, type Carry } from './carry';

/** A listener of a Gateway. It becomes its own Istio Gateway, since a route may attach to a single listener. */
export interface Listener {
  gateway: KubernetesObject;
  name: string;
  port: number | undefined;
  hostname: string | undefined;
  /** Whether routes of other namespaces may attach. */
  isOpen: boolean;
  made: KubernetesObject;
}

/** The listeners of a Gateway of the Gateway API; what an Istio Gateway cannot have is refused. */
export function listenersOf(gateway: KubernetesObject, workload: GatewayWorkload, carry: Carry): Listener[] {
  const spec = asMap(gateway.spec);
  carry.only('spec', spec, ['gatewayClassName', 'listeners'], 'an Istio Gateway has no field for it');
  if (spec['gatewayClassName'] !== 'istio')
    carry.refuse(
      'spec.gatewayClassName',
      spec['gatewayClassName'],
      'only a Gateway of class istio becomes an Istio Gateway',
    );
  const listeners = asList(spec['listeners']).map(asMap);
  return listeners.map((listener, index) => {
    const path = `spec.listeners[${index}]`;
    carry.only(path, listener, ['name', 'port', 'protocol', 'hostname', 'tls', 'allowedRoutes']);
    const { protocol, port } = listener;
    if (protocol !== 'HTTP' && protocol !== 'HTTPS')
      carry.refuse(`${path}.protocol`, protocol, 'only listeners for HTTP and HTTPS are converted');
    const from = asMap(asMap(listener['allowedRoutes'])['namespaces'])['from'] ?? 'Same';
    if (from === 'Selector')
      carry.refuse(
        `${path}.allowedRoutes.namespaces`,
        from,
        'an Istio Gateway lists namespaces by name, and cannot select them by labels',
      );
    const [name, hostname] = [asName(listener['name']) ?? String(index), asName(listener['hostname'])];
    const server = {
      port: { number: port, name: `${String(protocol).toLowerCase()}-${name}`, protocol },
      hosts: [`${from === 'All' ? '' : './'}${hostname ?? '*'}`],
      ...(protocol === 'HTTPS' ? { tls: tlsOf(asMap(listener['tls']), `${path}.tls`, gateway, workload, carry) } : {}),
    };
    const own = listeners.length === 1 ? gateway.metadata.name : `${gateway.metadata.name}-${name}`;
    return {
      gateway,
      name,
      port: asNumber(port),
      hostname,
      isOpen: from === 'All',
      made: networkingObject('Gateway', gateway, own, { selector: workload.selector, servers: [server] }),
    };
  });
}

function tlsOf(
  tls: JsonMap,
  path: string,
  gateway: KubernetesObject,
  { namespace }: GatewayWorkload,
  carry: Carry,
): JsonMap {
  carry.only(path, tls, ['mode', 'certificateRefs']);
  if ((tls['mode'] ?? 'Terminate') !== 'Terminate')
    carry.refuse(`${path}.mode`, tls['mode'], 'only listeners that terminate TLS are converted');
  const [certificate, ...others] = asList(tls['certificateRefs']).map(asMap);
  if (others.length > 0 || certificate === undefined)
    carry.refuse(`${path}.certificateRefs`, tls['certificateRefs'], 'an Istio server takes one certificate');
  const at = asName(certificate?.['namespace']) ?? gateway.metadata.namespace;
  if (at !== namespace)
    carry.refuse(
      `${path}.certificateRefs`,
      certificate,
      `the Secret must be in the namespace of the gateway's pods, ${namespace}`,
    );
  return { mode: 'SIMPLE', credentialName: certificate?.['name'] };
}
