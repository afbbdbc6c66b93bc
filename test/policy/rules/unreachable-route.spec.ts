import assert from 'node:assert/strict';
import { unreachableRoute } from '../../../policy/rules/unreachable-route';
import { finding, judged, to, virtualService } from '../mesh-objects';

const rules = (...http: object[]) =>
  virtualService('reviews', { hosts: ['reviews'], http: http.map((rule) => ({ route: [to('reviews')], ...rule })) });

describe('unreachable-route', () => {
  it('refuses a rule behind one for everything', () => {
    assert.deepEqual(judged(unreachableRoute, [rules({}, { match: [{ uri: { exact: '/beta' } }] })]), [
      finding(
        unreachableRoute,
        'VirtualService bookinfo/reviews',
        'spec.http[1]',
        'no request gets to this rule: spec.http[0] takes all that it matches. Move it before, or remove it',
      ),
    ]);
  });

  it('accepts narrower rules before wider ones', () => {
    assert.deepEqual(
      judged(unreachableRoute, [
        rules(
          { match: [{ uri: { exact: '/beta' } }] },
          { match: [{ uri: { prefix: '/' }, headers: { beta: {} } }] },
          {},
        ),
      ]),
      [],
    );
  });

  it('refuses a narrower path behind a prefix, with or without more conditions', () => {
    assert.deepEqual(
      judged(unreachableRoute, [
        rules(
          { match: [{ uri: { prefix: '/api' } }] },
          { match: [{ uri: { prefix: '/api/v2' }, method: { exact: 'GET' } }] },
          { match: [{ uri: { exact: '/api/v1' } }] },
        ),
      ]),
      [
        finding(
          unreachableRoute,
          'VirtualService bookinfo/reviews',
          'spec.http[1]',
          'no request gets to this rule: spec.http[0] takes all that it matches. Move it before, or remove it',
        ),
        finding(
          unreachableRoute,
          'VirtualService bookinfo/reviews',
          'spec.http[2]',
          'no request gets to this rule: spec.http[0] takes all that it matches. Move it before, or remove it',
        ),
      ],
    );
  });

  it('allows a wider condition after it, but not the same for only one port', () => {
    assert.deepEqual(
      judged(unreachableRoute, [
        rules(
          { match: [{ uri: { prefix: '/api' }, method: { exact: 'GET' } }] },
          { match: [{ uri: { prefix: '/api' } }] },
          { match: [{ uri: { prefix: '/api' }, port: 80 }] },
        ),
      ]),
      [
        finding(
          unreachableRoute,
          'VirtualService bookinfo/reviews',
          'spec.http[2]',
          'no request gets to this rule: spec.http[1] takes all that it matches. Move it before, or remove it',
        ),
      ],
    );
  });

  it('advises when only some matches of a rule are taken', () => {
    assert.deepEqual(
      judged(unreachableRoute, [
        rules(
          { match: [{ uri: { prefix: '/a' } }] },
          { name: 'mixed', match: [{ uri: { exact: '/b' } }, { uri: { exact: '/a/1' } }] },
        ),
      ]),
      [
        finding(
          unreachableRoute,
          'VirtualService bookinfo/reviews',
          'spec.http[1].match[1]',
          'spec.http[0] takes all requests that this match asks for; remove the match, or move the rule before',
          'advisory',
        ),
      ],
    );
  });

  it('names the rules by their names', () => {
    assert.deepEqual(
      judged(unreachableRoute, [
        rules(
          { name: 'first', match: [{ uri: { prefix: '/a' } }] },
          { match: [{ uri: { prefix: '/b' } }] },
          { match: [{ uri: { prefix: '/a' } }, { uri: { prefix: '/b' } }] },
        ),
      ]),
      [
        finding(
          unreachableRoute,
          'VirtualService bookinfo/reviews',
          'spec.http[2]',
          'no request gets to this rule: spec.http[0] ("first") and spec.http[1] take all that it matches. Move it before, or remove it',
        ),
      ],
    );
  });

  it('tries exact values with the regex of an earlier rule', () => {
    assert.deepEqual(
      judged(unreachableRoute, [
        rules(
          { match: [{ headers: { 'end-user': { regex: 'j.*' } } }] },
          { match: [{ headers: { 'end-user': { exact: 'jason' } } }] },
          { match: [{ headers: { 'end-user': { exact: 'anna' } } }] },
        ),
      ]),
      [
        finding(
          unreachableRoute,
          'VirtualService bookinfo/reviews',
          'spec.http[1]',
          'no request gets to this rule: spec.http[0] takes all that it matches. Move it before, or remove it',
        ),
      ],
    );
  });

  it('knows that an absent header has no value', () => {
    assert.deepEqual(
      judged(unreachableRoute, [
        rules(
          { match: [{ withoutHeaders: { beta: { exact: 'yes' } } }] },
          { match: [{ withoutHeaders: { beta: {} } }] },
        ),
      ]),
      [
        finding(
          unreachableRoute,
          'VirtualService bookinfo/reviews',
          'spec.http[1]',
          'no request gets to this rule: spec.http[0] takes all that it matches. Move it before, or remove it',
        ),
      ],
    );
  });

  it('ignores case only where the earlier rule does', () => {
    assert.deepEqual(
      judged(unreachableRoute, [
        rules({ match: [{ uri: { prefix: '/api' }, ignoreUriCase: true }] }, { match: [{ uri: { exact: '/API/1' } }] }),
        virtualService('other', {
          hosts: ['other'],
          http: [
            { match: [{ uri: { prefix: '/api' } }], route: [to('other')] },
            { match: [{ uri: { exact: '/api/1' }, ignoreUriCase: true }], route: [to('other')] },
          ],
        }),
      ]),
      [
        finding(
          unreachableRoute,
          'VirtualService bookinfo/reviews',
          'spec.http[1]',
          'no request gets to this rule: spec.http[0] takes all that it matches. Move it before, or remove it',
        ),
      ],
    );
  });

  it('compares the clients', () => {
    assert.deepEqual(
      judged(unreachableRoute, [
        rules(
          { match: [{ sourceLabels: { app: 'a' } }] },
          { match: [{ sourceLabels: { app: 'a', version: 'v1' } }] },
          { match: [{ sourceLabels: { app: 'b' } }] },
        ),
      ]),
      [
        finding(
          unreachableRoute,
          'VirtualService bookinfo/reviews',
          'spec.http[1]',
          'no request gets to this rule: spec.http[0] takes all that it matches. Move it before, or remove it',
        ),
      ],
    );
  });

  it('distinguishes gateways', () => {
    assert.deepEqual(
      judged(unreachableRoute, [
        virtualService('reviews', {
          hosts: ['reviews'],
          gateways: ['mesh', 'edge'],
          http: [
            { match: [{ gateways: ['edge'] }], route: [to('reviews')] },
            { match: [{ uri: { prefix: '/a' } }], route: [to('reviews')] },
            { match: [{ uri: { prefix: '/b' }, gateways: ['edge'] }], route: [to('reviews')] },
          ],
        }),
      ]),
      [
        finding(
          unreachableRoute,
          'VirtualService bookinfo/reviews',
          'spec.http[2]',
          'no request gets to this rule: spec.http[0] takes all that it matches. Move it before, or remove it',
        ),
      ],
    );
  });

  it('puts the rules of delegates in their place', () => {
    assert.deepEqual(
      judged(unreachableRoute, [
        virtualService('root', {
          hosts: ['reviews'],
          http: [
            { match: [{ uri: { prefix: '/a' } }], delegate: { name: 'leaf' } },
            { match: [{ uri: { prefix: '/a/1' } }], route: [to('reviews')] },
          ],
        }),
        virtualService('leaf', { http: [{ match: [{ uri: { prefix: '/a/1' } }], route: [to('reviews')] }] }),
      ]),
      [
        finding(
          unreachableRoute,
          'VirtualService bookinfo/root',
          'spec.http[1]',
          'no request gets to this rule: spec.http[0] of VirtualService bookinfo/leaf takes all that it matches. Move it before, or remove it',
        ),
      ],
    );
  });

  it('compares names of TLS rules and ports of TCP rules', () => {
    assert.deepEqual(
      judged(unreachableRoute, [
        virtualService('db', {
          hosts: ['*.db.example.com'],
          tls: [
            { match: [{ port: 443, sniHosts: ['*.db.example.com'] }], route: [to('db')] },
            { match: [{ port: 443, sniHosts: ['a.db.example.com'] }], route: [to('db')] },
            { match: [{ port: 444, sniHosts: ['a.db.example.com'] }], route: [to('db')] },
          ],
          tcp: [
            { match: [{ port: 80 }], route: [to('db')] },
            { match: [{ port: 80, destinationSubnets: ['10.0.0.0/8'] }], route: [to('db')] },
          ],
        }),
      ]),
      [
        finding(
          unreachableRoute,
          'VirtualService bookinfo/db',
          'spec.tcp[1]',
          'no request gets to this rule: spec.tcp[0] takes all that it matches. Move it before, or remove it',
        ),
        finding(
          unreachableRoute,
          'VirtualService bookinfo/db',
          'spec.tls[1]',
          'no request gets to this rule: spec.tls[0] takes all that it matches. Move it before, or remove it',
        ),
      ],
    );
  });
});
