import { App, Namespace } from 'meshwright';

const shop = new Namespace('shop', { injection: true });

export const { services } = new App(
  'orders',
  {
    namespace: 'shop',
    workloads: {
      'orders-v1': {
        image: 'registry.example/orders:1.4.0',
        labels: { app: 'orders', version: 'v1' },
        ports: [{ containerPort: 8080 }],
      },
    },
    services: { orders: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] } },
  },
  { dependsOn: shop },
);
