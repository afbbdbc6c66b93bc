import assert from 'node:assert/strict';
import { servicePorts } from '../../../policy/rules/service-ports';
import { deployment, finding, judged, namespace, object } from '../mesh-objects';

const ports = (...list: object[]) => object('v1', 'Service', 'order', { selector: { app: 'order' }, ports: list });
const order = (container: object, spec: object = {}) =>
  deployment('order', 'v1', {
    template: {
      metadata: { labels: { app: 'order' } },
      spec: { containers: [{ name: 'order', ...container }], ...spec },
    },
  });

describe('service-ports', () => {
  it('advises on ports that do not say their protocol', () => {
    assert.deepEqual(
      judged(servicePorts, [
        ports({ port: 8080 }, { port: 81, name: 'web' }, { port: 82, name: 'x', appProtocol: 'spdy' }),
      ]),
      [
        finding(
          servicePorts,
          'Service bookinfo/order',
          'spec.ports[0]',
          'the port has no name, so proxies guess the protocol of port 8080; name it http, http2, https, grpc, tcp or tls (with -suffix), or set appProtocol',
        ),
        finding(
          servicePorts,
          'Service bookinfo/order',
          'spec.ports[1]',
          'the name "web" says no protocol, so proxies guess the protocol of port 81; name it http, http2, https, grpc, tcp or tls (with -suffix), or set appProtocol',
        ),
        finding(
          servicePorts,
          'Service bookinfo/order',
          'spec.ports[2]',
          'appProtocol "spdy" is not one that Istio knows, so proxies guess the protocol of port 82; name it http, http2, https, grpc, tcp or tls (with -suffix), or set appProtocol',
        ),
      ],
    );
  });

  it('accepts names, suffixes, appProtocols, UDP and ports where the server speaks first', () => {
    assert.deepEqual(
      judged(servicePorts, [
        ports(
          { port: 80, name: 'http' },
          { port: 81, name: 'grpc-web-x' },
          { port: 82, name: 'x', appProtocol: 'kubernetes.io/h2c' },
          { port: 53, name: 'dns', protocol: 'UDP' },
          { port: 3306, name: 'db' },
        ),
      ]),
      [],
    );
  });

  it('finds a target port that no container lists', () => {
    assert.deepEqual(
      judged(servicePorts, [
        ports({ port: 80, name: 'http', targetPort: 8081 }, { port: 81, name: 'http-b', targetPort: 'web' }),
        order({ ports: [{ containerPort: 8080, name: 'web' }] }),
      ]),
      [
        finding(
          servicePorts,
          'Service bookinfo/order',
          'spec.ports[0]',
          'targetPort 8081 is not among the ports that Deployment order-v1 lists (8080); list it there if the application listens on it, else correct it',
        ),
      ],
    );
  });

  it('accepts any target port of containers that list none', () => {
    assert.deepEqual(judged(servicePorts, [ports({ port: 80, name: 'http', targetPort: 8081 }), order({})]), []);
  });

  it('ignores Services of workloads outside the mesh and of the control plane', () => {
    assert.deepEqual(
      judged(servicePorts, [
        namespace('bookinfo'),
        ports({ port: 8080 }),
        order({}),
        object('v1', 'Service', 'istiod', { ports: [{ port: 15014 }] }, { namespace: 'istio-system' }),
      ]),
      [],
    );
  });

  it('notices two Services that treat one workload differently', () => {
    assert.deepEqual(
      judged(servicePorts, [
        namespace('bookinfo', { 'istio-injection': 'enabled' }),
        ports({ port: 80, name: 'http', targetPort: 8080 }),
        object('v1', 'Service', 'second', {
          selector: { app: 'order' },
          ports: [
            { port: 81, name: 'http', targetPort: 8080 },
            { port: 80, name: 'udp', protocol: 'UDP', targetPort: 90 },
          ],
        }),
        order({}),
      ]),
      [
        finding(
          servicePorts,
          'Deployment bookinfo/order-v1',
          '',
          'port 80 is TCP and UDP in the Services order, second of these pods, and the proxy keeps only one; give each Service its own port',
        ),
        finding(
          servicePorts,
          'Deployment bookinfo/order-v1',
          '',
          'targetPort 8080 is behind the ports 80 and 81 of the Services order, second of these pods, and the proxy keeps only one; give each Service its own port',
        ),
      ],
    );
  });

  it('refuses the user of the proxy', () => {
    assert.deepEqual(
      judged(servicePorts, [order({ securityContext: { runAsUser: 1337 } }, { securityContext: { runAsUser: 1337 } })]),
      [
        finding(
          servicePorts,
          'Deployment bookinfo/order-v1',
          'spec.template.spec.containers[0].securityContext.runAsUser',
          "user 1337 is the proxy's own, whose traffic bypasses the mesh; run as another user",
        ),
        finding(
          servicePorts,
          'Deployment bookinfo/order-v1',
          'spec.template.spec.securityContext.runAsUser',
          "user 1337 is the proxy's own, whose traffic bypasses the mesh; run as another user",
        ),
      ],
    );
  });

  it('warns about a tcp port of an ExternalName Service', () => {
    assert.deepEqual(
      judged(servicePorts, [
        object('v1', 'Service', 'ext', {
          type: 'ExternalName',
          externalName: 'a.example.com',
          ports: [{ port: 443, name: 'tcp' }],
        }),
      ]),
      [
        finding(
          servicePorts,
          'Service bookinfo/ext',
          'spec.ports[0]',
          'a TCP port of an ExternalName Service takes connections to every other host on that port; name it by its protocol, such as https',
        ),
      ],
    );
  });
});
