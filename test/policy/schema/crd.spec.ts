import assert from 'node:assert/strict';
import { keepsRule } from '../../../policy/schema/crd/cel';
import crds from '../../../policy/schema/crd/istio.generated.json';
import { schemaReport } from '../../../policy/schema/schema-problems';
import { objects } from '../judge';

describe('the CRDs of Istio', () => {
  it('have only validation rules that the CEL interpreter can evaluate', () => {
    const rules = crds.schemas.flatMap(rulesIn);
    const samples: Record<string, unknown> = { object: {}, array: [], string: '/', integer: 1 };
    assert.ok(rules.length > 100);
    for (const { rule, type } of rules) assert.doesNotThrow(() => keepsRule(rule, samples[type], type), rule);
  });

  it('have rules with the same results as in the API server', () => {
    const duration = "duration(self) >= duration('1ms')";
    const scheme = 'isURL(self) ? (url(self).getScheme() in ["", "https"]) : isURL("http://" + self)';
    const socket = 'self.startsWith("unix://") ? (self.substring(7, 8) == "/" || self.substring(7, 8) == "@") : true';
    const cases: [string, unknown, string, boolean][] = [
      [duration, '1m30s', 'string', true],
      [duration, '1us', 'string', false],
      [duration, 'soon', 'string', false],
      [duration, 5, 'string', true],
      ['0 < self && self <= 65535', 65535, 'integer', true],
      ['0 < self && self <= 65535', 65536, 'integer', false],
      ['self.all(key, 0 < int(key) && int(key) <= 65535)', { 80: {} }, 'object', true],
      ['self.all(key, 0 < int(key) && int(key) <= 65535)', { http: {} }, 'object', false],
      ['self.all(l1, self.exists_one(l2, l1.number == l2.number))', [{ number: 1 }, { number: 1 }], 'array', false],
      [scheme, 'oci://ghcr.io/a', 'string', false],
      [scheme, 'ghcr.io/a:1', 'string', true],
      [scheme, '/a', 'string', true],
      [scheme, 'a b', 'string', false],
      [socket, 'unix:///run/a', 'string', true],
      [socket, 'unix://run', 'string', false],
      [socket, 'unix://', 'string', false],
    ];
    assert.deepEqual(
      cases.map(([rule, value, type]) => keepsRule(rule, value, type)),
      cases.map(([, , , expected]) => expected),
    );
  });

  it('name place, value, what is allowed, and the nearest field', () => {
    const [object] = objects(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: reviews
  gatways: [mesh]
  http:
    - match: [{ uri: { exact: /a, prefix: /b } }]
      timeout: soon
      route: [{ destination: { host: reviews, port: { number: "80" } }, weight: many }]
    - redirect: { redirectCode: -1, authority: a.example, port: 80, derivePort: FROM_MARS }
`);
    assert.ok(object);
    assert.deepEqual(
      schemaReport(object).errors.map(({ path, message }) => `${path}: ${message}`),
      [
        'spec.gatways: there is no field "gatways" here; did you mean "gateways"?',
        'spec.hosts: "reviews" is a string; allowed is a list',
        'spec.http[0].match[0].uri: only one of exact, prefix, regex can be set, here exact and prefix are',
        'spec.http[0].route[0].destination.port.number: "80" is a string; allowed is a whole number',
        'spec.http[0].route[0].weight: "many" is a string; allowed is a whole number',
        'spec.http[0].timeout: "soon" is not a duration of at least 1ms; write a number with a unit, e.g. 250ms, 5s or 1m30s',
        'spec.http[1].redirect: only one of port, derivePort can be set, here port and derivePort are',
        'spec.http[1].redirect.derivePort: "FROM_MARS" is not known; allowed are FROM_PROTOCOL_DEFAULT, FROM_REQUEST_PORT',
        'spec.http[1].redirect.redirectCode: -1 is too small; allowed are numbers from 0',
      ],
    );
  });
});

/** The validation rules of a schema, each with the type of the value that it is for. */
function rulesIn(schema: unknown): { rule: string; type: string }[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { type } = schema as { type?: string };
  return Object.entries(schema).flatMap(([key, value]) =>
    key === 'x-kubernetes-validations'
      ? (value as { rule: string }[]).map(({ rule }) => ({ rule, type: type ?? 'none' }))
      : rulesIn(value),
  );
}
