import assert from 'node:assert/strict';
import { summary } from '../../../cli/start/summary';
import type { LiveObject } from '../../../cluster/api';
import { route, rule } from '../../support/routes';

const live = (kind: string, id: string, fields: object = {}, labels: Record<string, string> = {}): LiveObject => {
  const [name = '', namespace] = id.split('/').toReversed();
  const metadata = { name, labels, ...(namespace === undefined ? {} : { namespace }) };
  return { apiVersion: 'v1', kind, metadata, ...fields };
};

describe('the summary of what is deployed', () => {
  it('has namespaces with their injection, workloads with their readiness, and routes with their split', () => {
    const ready = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };
    assert.equal(
      summary([
        live('Namespace', 'bookinfo', {}, { 'istio-injection': 'enabled' }),
        live('Namespace', 'canary', {}, { 'istio.io/rev': 'new' }),
        live('Namespace', 'ambient', {}, { 'istio.io/dataplane-mode': 'ambient' }),
        live('Namespace', 'plain'),
        live('Deployment', 'bookinfo/reviews-v1', { spec: { replicas: 2 }, status: { readyReplicas: 1 } }),
        live('StatefulSet', 'bookinfo/db', { spec: {} }),
        live('Pod', 'bookinfo/curl', ready),
        live('Pod', 'bookinfo/new'),
        live('Service', 'bookinfo/reviews', { spec: { ports: [{ name: 'http', port: 9080 }] } }),
        rule('v1') as LiveObject,
        rule('v3') as LiveObject,
        route({ v1: 75, v3: 25 }) as LiveObject,
      ]),
      `NAMESPACE  INJECTION
bookinfo   enabled
canary     revision new
ambient    ambient
plain      -

WORKLOAD             KIND         READY
bookinfo/reviews-v1  Deployment   1/2
bookinfo/db          StatefulSet  0/1
bookinfo/curl        Pod          yes
bookinfo/new         Pod          no

ROUTE             REQUESTS      GO TO
bookinfo/reviews  all requests  v1 75 %, v3 25 %`,
    );
  });
});
