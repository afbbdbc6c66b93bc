import assert from 'node:assert/strict';
import { parseStack } from '../../config/parse';
import { problemsOf, routeProblems } from './support';

const label =
  'must be a DNS label: lower-case letters, digits and "-", at most 63 characters, starting and ending with a letter or digit';

describe('the schema of a stack file', () => {
  it('accepts an empty stack', () => {
    assert.deepEqual(parseStack({}), { settings: {}, policy: {} });
  });

  it('keeps falsy values', () => {
    const sections = {
      istio: {},
      gateways: {
        gw: { install: false, labels: { a: '' }, service: { annotations: {} }, gateways: { shop: { gw: {} } } },
      },
      namespaces: { shop: { injection: false, ambient: false, labels: {}, annotations: { text: '', number: '0' } } },
      apps: {},
      addons: { kiali: {}, tracing: { sampling: 0 }, jaeger: {} },
      routes: {
        shop: {
          cart: {
            versions: { v1: {}, v2: { labels: {} } },
            weights: { v1: 100, v2: 0 },
            http: [
              {
                match: [],
                headers: {},
                retries: { attempts: 0 },
                timeout: '0s',
                mirrorPercent: 0,
                weights: { v1: 'rest', v2: 0 },
              },
            ],
            trafficPolicy: { connectionPool: { http: { http1MaxPendingRequests: 0 } } },
            virtualService: { exportTo: [] },
            destinationRule: {},
          },
        },
      },
      objects: [
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'empty', namespace: 'shop' },
          data: {},
          immutable: false,
        },
      ],
    };
    assert.deepEqual(parseStack({ ...sections, policy: { maxStep: 0, rules: {} } }), {
      settings: sections,
      policy: { maxStep: 0, rules: {} },
    });
  });

  it('keeps strings that look like numbers', () => {
    const sections = { namespaces: { shop: { labels: { team: '007', share: '90' } } } };
    assert.deepEqual(parseStack(sections), { settings: sections, policy: {} });
  });

  it('suggests the key that was meant', () => {
    const rule = { wieghts: { v2: 100 }, match: [] };
    assert.deepEqual(routeProblems({ reviews: { versions: ['v1', 'v2'], http: [rule] } }), [
      {
        path: 'meshwright:routes.bookinfo.reviews.http[0].wieghts',
        value: { v2: 100 },
        message:
          'unknown key; the keys here are weights, name, match, route, redirect, directResponse, delegate, rewrite, timeout, retries, fault, mirror, mirrors, mirrorPercent, mirror_percent, mirrorPercentage, corsPolicy, headers',
        hint: 'did you mean "weights"?',
      },
    ]);
  });

  it('suggests the section that was meant, and reports nothing that follows from its absence', () => {
    assert.deepEqual(problemsOf({ namespacs: { bookinfo: {} }, routes: { bookinfo: { reviews: {} } } }), [
      {
        path: 'meshwright:namespacs',
        value: { bookinfo: {} },
        message:
          'unknown key; the keys here are istio, gateways, namespaces, apps, addons, routes, rollouts, objects, adopt, proof, expect, policy',
        hint: 'did you mean "namespaces"?',
      },
    ]);
  });

  it('suggests nothing for a key that resembles no other', () => {
    assert.deepEqual(problemsOf({ namespaces: { bookinfo: { colour: 'blue' } } }), [
      {
        path: 'meshwright:namespaces.bookinfo.colour',
        value: 'blue',
        message: 'unknown key; the keys here are injection, revision, ambient, existing, labels, annotations',
      },
    ]);
  });

  it('suggests the value that was meant', () => {
    const message = 'must be "STRICT", "PERMISSIVE" or "DISABLE"';
    assert.deepEqual(problemsOf({ istio: { mtls: 'strict' } }), [
      { path: 'meshwright:istio.mtls', value: 'strict', message, hint: 'did you mean "STRICT"?' },
    ]);
    assert.deepEqual(problemsOf({ istio: { mtls: 'on' } }), [{ path: 'meshwright:istio.mtls', value: 'on', message }]);
  });

  it('states the expected type of each value', () => {
    const found = problemsOf({
      istio: 'demo',
      namespaces: { a: { injection: 'true', labels: { n: 1, b: true } }, b: [], c: null, d: { injection: 'off' } },
      gateways: { gw: { service: { nodePorts: { http2: '30080' }, ports: {} } } },
      objects: null,
    });
    assert.deepEqual(found, [
      { path: 'meshwright:istio', value: 'demo', message: 'must be a map' },
      {
        path: 'meshwright:gateways.gw.service.ports',
        value: {},
        message: 'must be a list',
      },
      {
        path: 'meshwright:gateways.gw.service.nodePorts.http2',
        value: '30080',
        message: 'must be a port, a whole number from 1 to 65535',
        hint: 'quotes make it a string: write 30080',
      },
      {
        path: 'meshwright:namespaces.a.injection',
        value: 'true',
        message: 'must be true or false',
        hint: 'write true',
      },
      {
        path: 'meshwright:namespaces.a.labels.n',
        value: 1,
        message: 'must be a string',
        hint: 'put it in quotes: "1"',
      },
      {
        path: 'meshwright:namespaces.a.labels.b',
        value: true,
        message: 'must be a string',
        hint: 'put it in quotes: "true"',
      },
      { path: 'meshwright:namespaces.b', value: [], message: 'must be a map' },
      {
        path: 'meshwright:namespaces.c',
        value: null,
        message: 'must be a map',
        hint: 'the key has no value; write {} or remove it',
      },
      {
        path: 'meshwright:namespaces.d.injection',
        value: 'off',
        message: 'must be true or false',
        hint: 'write false',
      },
      {
        path: 'meshwright:objects',
        value: null,
        message: 'must be a list',
        hint: 'the key has no value; write [] or remove it',
      },
    ]);
  });

  it('reports what is missing', () => {
    const found = problemsOf({
      apps: { bookinfo: {} },
      gateways: { gw: { service: { ports: [{ port: 80 }] }, certificate: {} } },
      objects: [{ kind: 'ServiceEntry', metadata: {} }],
    });
    assert.deepEqual(found, [
      { path: 'meshwright:gateways.gw.service.ports[0].name', message: 'is missing; it must be a string' },
      { path: 'meshwright:gateways.gw.certificate.dnsNames', message: 'is missing; it must be a list' },
      { path: 'meshwright:apps.bookinfo.namespace', message: 'is missing; it must be a string' },
      { path: 'meshwright:objects[0].apiVersion', message: 'is missing; it must be a string' },
      { path: 'meshwright:objects[0].metadata.name', message: 'is missing; it must be a string' },
    ]);
  });

  it('requires DNS labels for names of objects, and still checks the values below a bad name', () => {
    const long = 'x'.repeat(64);
    const found = problemsOf({
      gateways: { 'my.gateway': {} },
      namespaces: { Bookinfo: { injektion: true }, [long]: {}, '-a': {} },
      routes: { default: { review_s: { versions: ['v1.0'] } } },
    });
    assert.deepEqual(found, [
      { path: 'meshwright:gateways["my.gateway"]', value: {}, message: `the key ${label}` },
      { path: 'meshwright:namespaces.Bookinfo', value: { injektion: true }, message: `the key ${label}` },
      {
        path: 'meshwright:namespaces.Bookinfo.injektion',
        value: true,
        message: 'unknown key; the keys here are injection, revision, ambient, existing, labels, annotations',
        hint: 'did you mean "injection"?',
      },
      { path: `meshwright:namespaces.${long}`, value: {}, message: `the key ${label}` },
      { path: 'meshwright:namespaces.-a', value: {}, message: `the key ${label}` },
      { path: 'meshwright:routes.default.review_s', value: { versions: ['v1.0'] }, message: `the key ${label}` },
      { path: 'meshwright:routes.default.review_s.versions[0]', value: 'v1.0', message: label },
    ]);
  });

  it('accepts Istio’s fields of the right outer type', () => {
    const found = routeProblems({
      reviews: { trafficPolicy: [], http: [{ match: {}, retries: 3, timeout: 5, mirrorPercent: '10' }], tls: [{}] },
    });
    const at = (below: string) => `meshwright:routes.bookinfo.reviews.${below}`;
    assert.deepEqual(found, [
      { path: at('http[0].match'), value: {}, message: 'must be a list' },
      { path: at('http[0].timeout'), value: 5, message: 'must be a string', hint: 'put it in quotes: "5"' },
      { path: at('http[0].retries'), value: 3, message: 'must be a map' },
      {
        path: at('http[0].mirrorPercent'),
        value: '10',
        message: 'must be a number',
        hint: 'quotes make it a string: write 10',
      },
      { path: at('tls[0].match'), message: 'is missing; it must be a list' },
      { path: at('trafficPolicy'), value: [], message: 'must be a map' },
    ]);
  });

  it('refuses anything but a map of sections', () => {
    for (const sections of [null, 5, 'routes', [], undefined])
      assert.deepEqual(
        problemsOf(sections),
        sections === undefined
          ? [{ path: '', message: 'is missing; it must be a map' }]
          : [
              {
                path: '',
                value: sections,
                message: 'must be a map',
                ...(sections === null ? { hint: 'the key has no value; write {} or remove it' } : {}),
              },
            ],
      );
  });

  it('refuses the one key that JavaScript treats specially, and no similar key', () => {
    const sections = JSON.parse(
      '{"__proto__": {}, "namespaces": {"__proto__": {"x": 1}, "constructor": {}}}',
    ) as unknown;
    assert.deepEqual(problemsOf(sections), [
      { path: 'meshwright:__proto__', value: {}, message: 'cannot be a key' },
      { path: 'meshwright:namespaces.__proto__', value: { x: 1 }, message: 'cannot be a key' },
    ]);
  });
});
