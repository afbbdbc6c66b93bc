import assert from 'node:assert/strict';
import { judge, objects } from '../judge';
import { crdOnly } from '../../../policy/rules/crd-only';
import { objectSchema } from '../../../policy/rules/object-schema';
import { schemaWarnings } from '../../../policy/rules/schema-warnings';
import { versionSkew } from '../../../policy/rules/version-skew';
import { schemaReport } from '../../../policy/schema/schema-problems';

const inNetworking = (kind: string, spec: string, metadata = '{ name: one, namespace: shop }'): string =>
  `{ apiVersion: networking.istio.io/v1, kind: ${kind}, metadata: ${metadata}, spec: ${spec} }`;

const route = '[{ destination: { host: shop } }]';

function errors(yaml: string): string[] {
  return judge(objectSchema, yaml).map(({ path, message }) => `${path}: ${message}`);
}

describe('object-schema', () => {
  it('accepts an object of another API group', () => {
    assert.deepEqual(
      errors('{ apiVersion: example.com/v1, kind: VirtualService, metadata: { name: one }, spec: { nonsense: 1 } }'),
      [],
    );
  });

  it('knows the served kinds and versions', () => {
    assert.deepEqual(errors('{ apiVersion: networking.istio.io/v1, kind: VirtualServices, metadata: { name: one } }'), [
      'kind: networking.istio.io/v1 has no kind "VirtualServices"; did you mean "VirtualService"?',
    ]);
    assert.deepEqual(errors('{ apiVersion: networking.istio.io/v2, kind: Gateway, metadata: { name: one } }'), [
      'apiVersion: "networking.istio.io/v2" is not a version of Gateway that is served; allowed are v1, v1alpha3, v1beta1',
    ]);
  });

  it('reports a misspelt field, and the one that was meant', () => {
    assert.deepEqual(
      errors(inNetworking('VirtualService', `{ hosts: [shop], http: [{ route: ${route}, timout: 3s }] }`)),
      ['spec.http[0].timout: there is no field "timout" here; did you mean "timeout"?'],
    );
  });

  it('reads regexes as RE2 does, without look-around', () => {
    const match = (regex: string): string =>
      inNetworking(
        'VirtualService',
        `{ hosts: [shop], http: [{ match: [{ uri: { regex: '${regex}' } }], route: ${route} }] }`,
      );
    assert.deepEqual(errors(match('/(a|b)+?[^/]*')), []);
    assert.equal(errors(match('/(?=a)b')).length, 1);
    assert.equal(errors(match(String.raw`/(a)\1`)).length, 1);
    assert.equal(errors(match('a'.repeat(1025))).length, 1);
  });

  it('drops a field that is null, as the API server does, but not an item of a list', () => {
    assert.deepEqual(
      errors(
        inNetworking('VirtualService', `{ hosts: [shop], gateways: null, http: [{ route: ${route}, timeout: null }] }`),
      ),
      [],
    );
    assert.deepEqual(errors(inNetworking('ServiceEntry', '{ hosts: [a.example], resolution: DNS, ports: [null] }')), [
      'spec.ports[0]: null is not allowed; allowed is a map',
    ]);
  });

  it('reports one problem per place', () => {
    assert.deepEqual(
      errors(inNetworking('VirtualService', `{ hosts: [shop], http: [{ route: ${route}, timeout: soon }] }`)).length,
      1,
    );
  });

  it('leaves the type of a weight to weight-range', () => {
    assert.deepEqual(
      errors(
        inNetworking(
          'VirtualService',
          '{ hosts: [shop], http: [{ route: [{ destination: { host: shop }, weight: many }] }] }',
        ),
      ),
      [],
    );
  });

  it('never shows an inline key set', () => {
    const yaml = `{ apiVersion: security.istio.io/v1, kind: RequestAuthentication, metadata: { name: one }, spec: { jwtRules: [{ issuer: a, jwks: 'tops3cret' }] } }`;
    const text = errors(yaml).join();
    assert.match(text, /^spec\.jwtRules\[0\]\.jwks: /);
    assert.equal(text.includes('tops3cret'), false);
  });

  it('judges each object once', () => {
    const [object] = objects(inNetworking('Gateway', '{}'));
    assert.ok(object);
    assert.equal(schemaReport(object), schemaReport(object));
  });
});

describe('crd-only', () => {
  it('reports what only the API server refuses, with advice', () => {
    const yaml = inNetworking(
      'Gateway',
      '{ servers: [{ bind: unix://@local, hosts: [a.example], port: { name: http, protocol: HTTP } }] }',
    );
    assert.deepEqual(
      judge(crdOnly, yaml).map(({ path, message }) => `${path}: ${message}`),
      ['spec.servers[0].port.number: is required; the CRD also requires the port of a socket: number: 0'],
    );
    assert.deepEqual(errors(yaml), []);
  });

  it('leaves a port that istiod refuses, too, to object-schema', () => {
    const yaml = inNetworking('Gateway', '{ servers: [{ hosts: [a.example], port: { name: http, protocol: HTTP } }] }');
    assert.deepEqual(judge(crdOnly, yaml), []);
    assert.deepEqual(errors(yaml), ['spec.servers[0].port.number: nothing is not a port; allowed are 1 to 65535']);
  });
});

describe('schema-warnings', () => {
  it('is advisory, next to errors', () => {
    const yaml = inNetworking(
      'DestinationRule',
      '{ host: shop, trafficPolicy: { outlierDetection: { consecutiveErrors: 5, maxEjectionPercent: 101 } } }',
    );
    assert.deepEqual(
      judge(schemaWarnings, yaml).map(({ path, level }) => `${level} ${path}`),
      ['advisory spec.trafficPolicy.outlierDetection.consecutiveErrors'],
    );
    assert.deepEqual(judge(objectSchema, yaml).length, 1);
  });
});

describe('version-skew', () => {
  const retries = inNetworking(
    'VirtualService',
    `{ hosts: [shop], http: [{ route: ${route}, retries: { attempts: 2, backoff: 1s } }] }`,
  );
  const paths = (yaml: string, istioVersion: string) =>
    judge(versionSkew, yaml, { istioVersion }).map(({ level, path, message }) => `${level} ${path}: ${message}`);

  it('reports a field, an API version and a value that newer releases added', () => {
    assert.deepEqual(paths(retries, '1.21.6'), [
      'advisory apiVersion: came with Istio 1.22; the installed one is 1.21.6',
      'advisory spec.http[0].retries.backoff: came with Istio 1.26; the installed one is 1.21.6',
    ]);
    const dynamic = inNetworking(
      'ServiceEntry',
      '{ hosts: ["*.example.com"], resolution: DYNAMIC_DNS, ports: [{ number: 443, name: tls, protocol: TLS }] }',
    );
    assert.deepEqual(paths(dynamic, '1.27.0'), [
      'advisory spec.resolution: came with Istio 1.28; the installed one is 1.27.0',
    ]);
  });

  it('reports nothing from that version on, for an invalid version, and without a version', () => {
    assert.deepEqual(paths(retries, '1.26.0'), []);
    assert.deepEqual(paths(retries, '1.30.3'), []);
    assert.deepEqual(paths(retries, 'latest'), []);
    assert.deepEqual(judge(versionSkew, retries), []);
  });
});
