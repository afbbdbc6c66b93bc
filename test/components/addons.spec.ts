import assert from 'node:assert/strict';
import { Addons, CertManager } from '../../components';
import { registrations } from './support/registrations';

describe('CertManager', () => {
  it('registers the namespace, cert-manager with its CRDs, then the issuer', async () => {
    const found = await registrations(() => new CertManager('tls', { version: 'v1.21.1' }));
    const [component, , , manager, issuer] = found;
    assert.deepEqual(component?.outputs, { clusterIssuer: 'selfsigned' });
    assert.deepEqual(manager, {
      type: 'kubernetes-cert-manager:index:CertManager',
      name: 'tls-cert-manager',
      parent: 'tls',
      inputs: {
        installCRDs: true,
        helmOptions: { name: 'cert-manager', namespace: 'cert-manager', version: 'v1.21.1' },
      },
      dependsOn: ['tls-cert-manager-namespace'],
      options: {},
    });
    assert.deepEqual(issuer, {
      type: 'kubernetes:cert-manager.io/v1:ClusterIssuer',
      name: 'tls-selfsigned',
      parent: 'tls',
      inputs: {
        apiVersion: 'cert-manager.io/v1',
        kind: 'ClusterIssuer',
        metadata: { name: 'selfsigned' },
        spec: { selfSigned: {} },
      },
      dependsOn: ['tls-cert-manager'],
      options: {},
    });
    assert.equal(found.length, 5);
  });
});

describe('Addons', () => {
  it('registers passwords, then releases, then Ingresses and Gateways', async () => {
    const addons = { grafana: { password: 'hush' }, jaeger: {}, kiali: { ingress: { host: 'kiali.example' } } };
    const found = await registrations(() => new Addons('addons', { addons }));
    const releases = ['addons-grafana', 'addons-jaeger', 'addons-kiali'];
    const [password] = found.filter(({ type }) => type === 'kubernetes:core/v1:Secret');
    assert.deepEqual(Object.keys(password?.inputs['stringData'] as object), ['secret']);
    const waits = found.slice(1).map(({ type, name, dependsOn }) => [`${type.split(':')[2] ?? ''} ${name}`, dependsOn]);
    const secret = password?.name ?? '';
    const after = [secret, ...releases].sort();
    assert.deepEqual(Object.fromEntries(waits), {
      [`Secret ${secret}`]: [],
      'Release addons-grafana': [secret],
      'Release addons-jaeger': [secret],
      'Release addons-kiali': [secret],
      'Service addons-istio-system/jaeger-collector': after.filter((name) => name !== secret),
      'Service addons-istio-system/tracing': releases,
      'Service addons-istio-system/zipkin': releases,
      'Telemetry addons-istio-system/mesh-default': releases,
      'Ingress addons-istio-system/kiali-ingress': [
        ...releases,
        ...['jaeger-collector', 'mesh-default', 'tracing', 'zipkin'].map((name) => `addons-istio-system/${name}`),
      ].sort(),
    });
  });
});
