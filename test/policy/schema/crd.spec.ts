import assert from 'node:assert/strict';
import { celKey, celRules } from '../../../policy/schema/crd/cel';
import crds from '../../../policy/schema/crd/istio.generated.json';
import { schemaReport } from '../../../policy/schema/schema-problems';
import { objects } from '../judge';

describe('the CRDs of Istio', () => {
  it('have no validation rule that is not written down here, and none is written down in vain', () => {
    const stated = new Set(crds.schemas.flatMap(rulesIn).map(celKey));
    assert.deepEqual([...stated].sort(), Object.keys(celRules).sort());
  });

  it('are told in clear words: place, value, what is allowed, the nearest field', () => {
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
        'spec.hosts: "reviews" is a text; allowed is a list',
        'spec.http[0].match[0].uri: only one of exact, prefix, regex can be set, here exact and prefix are',
        'spec.http[0].route[0].destination.port.number: "80" is a text; allowed is a whole number',
        'spec.http[0].route[0].weight: "many" is a text; allowed is a whole number',
        'spec.http[0].timeout: "soon" is no duration of at least 1ms; write a number with a unit, e.g. 250ms, 5s or 1m30s',
        'spec.http[1].redirect: only one of port, derivePort can be set, here port and derivePort are',
        'spec.http[1].redirect.derivePort: "FROM_MARS" is not known; allowed are FROM_PROTOCOL_DEFAULT, FROM_REQUEST_PORT',
        'spec.http[1].redirect.redirectCode: -1 is too small; allowed are numbers from 0',
      ],
    );
  });
});

function rulesIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) =>
    key === 'x-kubernetes-validations' ? (value as { rule: string }[]).map(({ rule }) => rule) : rulesIn(value),
  );
}
