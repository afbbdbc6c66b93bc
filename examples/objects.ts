import { Namespace, Objects } from 'meshwright';

const shop = new Namespace('shop', { injection: true });

new Objects(
  'shop',
  {
    objects: [
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        metadata: { name: 'orders-from-web', namespace: 'shop' },
        spec: {
          selector: { matchLabels: { app: 'orders' } },
          rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }] }],
        },
      },
    ],
  },
  { dependsOn: shop },
);
