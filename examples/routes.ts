import { Namespace, Routes } from 'meshwright';

const shop = new Namespace('shop', { injection: true });

export const { weights } = new Routes(
  'shop',
  {
    namespace: 'shop',
    services: { orders: { versions: ['v1', 'v2'], weights: { v1: 'rest', v2: 10 } } },
  },
  { dependsOn: shop },
);
