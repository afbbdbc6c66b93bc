import { Namespace } from 'meshwright';

export const { name } = new Namespace('shop', { injection: true, labels: { team: 'orders' } });
