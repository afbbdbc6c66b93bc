import type { MeshModel, MeshService } from '../../mesh/model/mesh-model';
import { isHttp } from '../../mesh/model/protocol';
import { effectiveRule } from '../model/clients';
import { hostRules, policiesOf, tlsMode } from '../model/host-rules';
import { destinationTitle, writtenRoutes } from '../model/routes';
import { examples, type Rule, type Violation } from '../rule';

const https: readonly string[] = ['HTTPS', 'TLS'];

/** https://istio.io/latest/docs/ops/common-problems/network-issues/#tls-configuration-mistakes */
export const tlsOrigination: Rule = {
  id: 'tls-origination',
  level: 'advisory',
  title: 'requests to a TLS port use TLS exactly once',
  single: false,
  docs: {
    why: 'A proxy that sends plain HTTP to a TLS port gets an error for every request, and no server reads TLS inside TLS. Both happen when the protocol of a port and its DestinationRule disagree.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: api, namespace: shop }
spec:
  hosts: [api.example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{ number: 443, name: http, protocol: HTTP }]
`,
      ['name: http, protocol: HTTP', 'name: https, protocol: HTTPS'],
    ),
    fix: 'Declare a port as HTTPS if clients originate TLS themselves. If the proxy originates TLS, declare HTTP and add a DestinationRule with tls mode SIMPLE or MUTUAL.',
  },
  check: (model) => [...plainToTlsPort(model), ...httpOn443(model), ...tlsInTls(model)],
};

/** Whether a DestinationRule originates TLS to a port of a host. */
function opensTls(model: MeshModel, service: MeshService, client: string, port: number, subset?: string): boolean {
  const rules = effectiveRule(model, service.hostname, client)?.from ?? [];
  return hostRules(model)
    .all.filter(({ source }) => rules.includes(source))
    .flatMap(policiesOf)
    .some(
      (placed) =>
        (placed.port === undefined || placed.port === port) &&
        (placed.subset === undefined || placed.subset === subset) &&
        ['SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'].includes(tlsMode(placed.policy) ?? ''),
    );
}

function plainToTlsPort(model: MeshModel): Violation[] {
  return writtenRoutes(model).flatMap(({ protocol, destinations, source }) =>
    protocol !== 'http'
      ? []
      : destinations.flatMap((destination): Violation[] => {
          const { host, port: stated, subset, destinationPath } = destination;
          const service = model.services.covering(host, source.namespace);
          const port = service?.ports.find(({ number }, _, { length }) =>
            stated === undefined ? length === 1 : number === stated,
          );
          if (service === undefined || port === undefined || !https.includes(port.protocol)) return [];
          if (opensTls(model, service, source.namespace, port.number, subset)) return [];
          const message = `the proxy sends plain HTTP to ${destinationTitle(destination)}, whose port ${port.number} is ${port.protocol}; add a DestinationRule with tls mode SIMPLE for it, or use an HTTP port`;
          return [{ object: source.object, path: destinationPath, message }];
        }),
  );
}

function httpOn443(model: MeshModel): Violation[] {
  return model.services.all.flatMap((service): Violation[] => {
    const { source, ports, hostname, external, namespace } = service;
    if (source.kind !== 'ServiceEntry' || !external) return [];
    return ports.flatMap(({ number, protocol, targetPort }, at): Violation[] => {
      if (!isHttp(protocol) || targetPort !== 443 || opensTls(model, service, namespace, number)) return [];
      const message = `port ${number} of ${hostname} is ${protocol} and leads to port 443, so plain HTTP reaches a TLS port; declare HTTPS, or add a DestinationRule with tls mode SIMPLE for ${hostname}`;
      return [{ object: source.object, path: `spec.ports[${at}].protocol`, message }];
    });
  });
}

function tlsInTls(model: MeshModel): Violation[] {
  const routed = new Set(
    writtenRoutes(model)
      .filter(({ protocol }) => protocol === 'http')
      .flatMap(({ destinations }) => destinations.map(({ host, port }) => `${host} ${port ?? ''}`)),
  );
  return hostRules(model).all.flatMap((rule) => {
    const service = model.services.withHost(rule.host)[0];
    if (service === undefined) return [];
    return policiesOf(rule).flatMap(({ policy, path, port }): Violation[] => {
      const mode = tlsMode(policy) ?? '';
      if (!['SIMPLE', 'MUTUAL'].includes(mode)) return [];
      const ports = service.ports.filter(({ number }) => port === undefined || number === port);
      // An http rule that leads to the port sends plain HTTP, which the rule rightly wraps in TLS.
      const isPlain = ports.some(
        ({ number, protocol }) => !https.includes(protocol) || routed.has(`${rule.host} ${number}`),
      );
      if (ports.length === 0 || isPlain || routed.has(`${rule.host} `)) return [];
      const message = `clients of ${rule.host} do TLS themselves (port ${ports.map(({ number, protocol }) => `${number} is ${protocol}`).join(', ')}), and tls mode ${mode} wraps it in TLS again; remove tls, or declare the port as HTTP and let clients send plain HTTP`;
      return [{ object: rule.source.object, path: `${path}.tls.mode`, message }];
    });
  });
}
