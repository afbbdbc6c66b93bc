import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { requestClasses } from '../../../mesh/traffic/classes/classes';
import { trafficDiffMarkdown, trafficDiffText } from '../../../mesh/traffic/diff/diff-text';
import { trafficDiff } from '../../../mesh/traffic/diff/traffic-diff';
import { graphMermaid } from '../../../mesh/traffic/graph/text';
import { trafficGraph } from '../../../mesh/traffic/graph/graph';
import { route } from '../../../mesh/traffic/route';
import { trafficModel } from '../../../mesh/traffic/traffic-model';
import { effectiveSplits } from '../../../mesh/traffic/splits';

const host = 'vault.shop.svc.cluster.local';
const service: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'vault', namespace: 'shop' },
  spec: { selector: { app: 'vault' }, ports: [{ name: 'tls', port: 443 }] },
};

/** Rules for some server names of the service, each with its conditions. */
function rules(...matches: { sniHosts: string[]; sourceLabels?: Record<string, string> }[]): KubernetesObject[] {
  const tls = matches.map((match) => ({ match: [match], route: [{ destination: { host } }] }));
  const metadata = { name: 'vault', namespace: 'shop' };
  const spec = { hosts: [host, 'a.test', 'b.test'], tls };
  return [service, { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata, spec }];
}

const apart = rules({ sniHosts: ['a.test'] }, { sniHosts: ['b.test'] });
const repeated = rules({ sniHosts: ['a.test'] }, { sniHosts: ['a.test', 'b.test'] });
const why = `refused by Envoy, which keeps the previous listener: server name a.test of ${host} is in VirtualService shop/vault spec.tls[0] and VirtualService shop/vault spec.tls[1]`;

/** The class of requests to the service, whether such a request exists, and its outcome. */
function classes(objects: KubernetesObject[]): object[] {
  const inMesh = requestClasses(trafficModel(objects)).filter(
    ({ from, host: asked }) => from === 'workloads' && asked === host,
  );
  return inMesh.map(({ who, reachable, outcome }) => ({
    who,
    reachable,
    kind: outcome.kind,
    ...(outcome.rule === undefined ? { why: outcome.why } : { rule: outcome.rule.path }),
  }));
}

const taken = (who: string, reachable: boolean, index: number): object => ({
  who,
  reachable,
  kind: 'routed',
  rule: `spec.tls[${index}]`,
});
/** The default that istiod leaves out if any rule names a server. */
const own = {
  who: 'all other requests',
  reachable: false,
  kind: 'routed',
  why: 'no rule applies: the service takes its own requests',
};
const closed = {
  who: 'all other requests',
  reachable: true,
  kind: 'passthrough',
  why: `no TLS rule of ${host} applies to this server name, and outboundTrafficPolicy is ALLOW_ANY`,
};

describe('a TLS listener that Envoy refuses', () => {
  it('is a class that takes all its requests', () => {
    assert.deepEqual(classes(repeated), [
      { who: 'all requests', reachable: true, kind: 'unknown', why },
      taken('sni is a.test', false, 0),
      taken('sni is a.test', false, 1),
      taken('sni is b.test', false, 1),
      own,
    ]);
  });

  it('does not exist if names differ, if lists are equal, and for senders that only one of the rules applies to', () => {
    assert.deepEqual(classes(apart), [taken('sni is a.test', true, 0), taken('sni is b.test', true, 1), own, closed]);
    assert.deepEqual(classes(rules({ sniHosts: ['a.test'] }, { sniHosts: ['a.test'] })), [
      taken('sni is a.test', true, 0),
      taken('sni is a.test', false, 1),
      own,
      closed,
    ]);
  });

  it('is reported for exactly the senders of both rules, by classes and by route', () => {
    const objects = rules({ sniHosts: ['a.test'], sourceLabels: { app: 'web' } }, { sniHosts: ['a.test', 'b.test'] });
    assert.deepEqual(classes(objects), [
      { who: 'source label app is web', reachable: true, kind: 'unknown', why },
      taken('source label app is web, sni is a.test', false, 0),
      taken('sni is a.test', true, 1),
      taken('sni is b.test', true, 1),
      own,
      closed,
    ]);
    const kinds = ['web', 'api'].map((app) => {
      const request = { host, port: 443, protocol: 'tls' as const, sni: 'b.test' };
      return route(trafficModel(objects), { type: 'sidecar', namespace: 'shop', labels: { app } }, request).kind;
    });
    assert.deepEqual(kinds, ['unknown', 'routed']);
  });

  it('is a change in the diff, with the rules that no request reaches', () => {
    const diff = trafficDiff(apart, repeated);
    assert.equal(
      trafficDiffText(diff),
      `tls://${host}:443, from workloads
  sni is a.test: cannot tell
    - vault.shop; no retries
    + ${why}
  sni is b.test: cannot tell
    - vault.shop; no retries
    + ${why}
  all other requests: cannot tell
    - passthrough, to the original address
    + ${why}

Removed rules
  VirtualService shop/vault spec.tls[0]
  VirtualService shop/vault spec.tls[1]

Rules that no request reaches
  VirtualService shop/vault spec.tls[0]
  VirtualService shop/vault spec.tls[1]`,
    );
    assert.deepEqual(
      trafficDiffMarkdown(diff)
        .split('\n')
        .filter((line) => line.includes('sni is b.test')),
      [
        `| \`workloads\`: \`sni is b.test\` | \`tls://${host}:443\` | \`vault.shop; no retries\` | \`${why}\` | cannot tell |`,
      ],
    );
    assert.deepEqual(trafficDiff(repeated, repeated).moves, []);
  });

  it('is in the stack output and in the picture', () => {
    assert.deepEqual(effectiveSplits({ objects: repeated }), {
      'shop/vault': [{ who: 'all requests', to: { [why]: '100 %' } }],
    });
    assert.equal(
      graphMermaid(trafficGraph(trafficModel(repeated))),
      `---
title: "Drawn from the configuration: shares are configured, not observed. mTLS permissive, except where a service says otherwise."
---
flowchart LR
  n0["refused by Envoy, which keeps<br/>the previous listener: server<br/>name a.test of<br/>vault.shop.svc.cluster.local is<br/>in VirtualService shop/vault<br/>spec.tls[0] and VirtualService<br/>shop/vault spec.tls[1]"]
  subgraph s1["shop"]
    n1["vault"]
  end
  n1 --> n0
  classDef added stroke:#1a7f37,stroke-width:3px
  classDef removed stroke:#cf222e,stroke-width:3px,stroke-dasharray:4
  classDef changed stroke:#9a6700,stroke-width:3px`,
    );
  });
});
