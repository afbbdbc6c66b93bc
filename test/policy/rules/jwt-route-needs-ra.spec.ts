import assert from 'node:assert/strict';
import { jwtRouteNeedsRa } from '../../../policy/rules/jwt-route-needs-ra';
import { finding, gateway, judged, requestAuthentication, to, virtualService } from '../mesh-objects';

const edge = gateway('edge', { selector: { istio: 'ingress' }, servers: [] });
const route = (gateways: string[]) =>
  virtualService('shop', {
    hosts: ['*'],
    gateways,
    http: [
      {
        match: [
          {
            headers: { '@request.auth.claims.group': { exact: 'a' } },
            withoutHeaders: { '@request.auth.claims[sub]': {} },
          },
        ],
        route: [to('shop')],
      },
    ],
  });
const authentication = (labels: object, namespaceName: string) =>
  requestAuthentication('jwt', { selector: { matchLabels: labels } }, { namespace: namespaceName });
const pods = { gatewayWorkloads: [{ namespace: 'istio-ingress', labels: { istio: 'ingress', app: 'gw' } }] };

describe('jwt-route-needs-ra', () => {
  it('refuses claims on a gateway that reads no token', () => {
    assert.deepEqual(judged(jwtRouteNeedsRa, [edge, route(['edge'])]), [
      finding(
        jwtRouteNeedsRa,
        'VirtualService bookinfo/shop',
        'spec.http[0].match[0].headers["@request.auth.claims.group"]',
        '"@request.auth.claims.group" is a claim of a JWT, but no RequestAuthentication applies to the pods of gateway bookinfo/edge, so no token is read; add one that selects them',
      ),
      finding(
        jwtRouteNeedsRa,
        'VirtualService bookinfo/shop',
        'spec.http[0].match[0].withoutHeaders["@request.auth.claims[sub]"]',
        '"@request.auth.claims[sub]" is a claim of a JWT, but no RequestAuthentication applies to the pods of gateway bookinfo/edge, so no token is read; add one that selects them',
      ),
    ]);
  });

  it('accepts a RequestAuthentication whose selector matches that of the Gateway', () => {
    assert.deepEqual(
      judged(jwtRouteNeedsRa, [edge, route(['edge']), authentication({ istio: 'ingress' }, 'istio-system')]),
      [],
    );
  });

  it('reports nothing where the Gateway is not among the objects', () => {
    assert.deepEqual(judged(jwtRouteNeedsRa, [route(['edge'])]), []);
  });

  it('considers the pods if they are known', () => {
    assert.deepEqual(
      judged(jwtRouteNeedsRa, [edge, route(['edge']), authentication({ app: 'gw' }, 'istio-ingress')], pods),
      [],
    );
  });

  it('ignores a RequestAuthentication in another namespace', () => {
    assert.deepEqual(
      judged(jwtRouteNeedsRa, [edge, route(['edge']), authentication({ app: 'gw' }, 'bookinfo')], pods),
      [
        finding(
          jwtRouteNeedsRa,
          'VirtualService bookinfo/shop',
          'spec.http[0].match[0].headers["@request.auth.claims.group"]',
          '"@request.auth.claims.group" is a claim of a JWT, but no RequestAuthentication applies to the pods of gateway bookinfo/edge, so no token is read; add one that selects them',
        ),
        finding(
          jwtRouteNeedsRa,
          'VirtualService bookinfo/shop',
          'spec.http[0].match[0].withoutHeaders["@request.auth.claims[sub]"]',
          '"@request.auth.claims[sub]" is a claim of a JWT, but no RequestAuthentication applies to the pods of gateway bookinfo/edge, so no token is read; add one that selects them',
        ),
      ],
    );
  });
});
