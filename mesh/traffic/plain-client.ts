import { acceptedMode } from '../model/mutual-tls';
import { serviceFqdn } from '../model/host-name';
import type { MeshModel, MeshService } from '../model/mesh-model';
import { reset } from './answers';
import type { Outcome } from './outcome';
import type { Proxy } from './proxy';
import type { Request } from './request';

/** What becomes of a request of a client without a sidecar: no rule applies, and pods whose sidecars insist on mutual TLS close the connection. */
export function plainOutcome(mesh: MeshModel, { namespace }: Proxy, { host, port }: Request): Outcome {
  const name = host.toLowerCase();
  const service = [name, serviceFqdn(name, namespace, mesh.config.domain)]
    .flatMap((candidate) => (candidate === undefined ? [] : mesh.services.withHost(candidate)))
    .find(({ registry }) => registry === 'Kubernetes');
  if (service === undefined)
    return { kind: 'passthrough', why: `${host} is no Service, and the client has no sidecar` };
  if (!service.ports.some(({ number }) => number === port)) return reset(`${service.hostname} has no port ${port}`);
  const { pods, strict, decidedBy } = refusing(mesh, service, port);
  if (strict > 0 && strict === pods) return reset(`the client has no sidecar, and ${decidedBy} takes mutual TLS alone`);
  return {
    kind: 'routed',
    destinations: [{ host: service.externalName ?? service.hostname, port, share: '1' }],
    why:
      strict === 0
        ? 'the client has no sidecar, so no rule applies'
        : `the client has no sidecar; ${strict} of ${pods} workloads close the connection, as ${decidedBy} takes mutual TLS alone`,
  };
}

/** How many of the workloads behind a port take no plain text, and the policy that says so. */
function refusing(
  mesh: MeshModel,
  service: MeshService,
  port: number,
): { pods: number; strict: number; decidedBy: string } {
  const modes = mesh.workloads
    .behind(service)
    .map((workload) => ({ proxy: workload.proxy, ...acceptedMode(mesh, service, workload, port) }));
  const strict = modes.filter(({ proxy, mode }) => proxy !== 'none' && mode === 'STRICT');
  const source = strict[0]?.decidedBy;
  return {
    pods: modes.length,
    strict: strict.length,
    decidedBy: source === undefined ? '' : `PeerAuthentication ${source.namespace}/${source.name}`,
  };
}
