import { Gateway } from 'meshwright';
import * as pulumi from '@pulumi/pulumi';

const path = new pulumi.Config().get('charts');

export const { address } = new Gateway('edge', {
  namespace: 'edge',
  ...(path === undefined ? {} : { istio: { charts: { path } } }),
  service: { type: 'NodePort', nodePorts: { http2: 30080 } },
  gateways: { shop: { 'shop-gateway': {} } },
});
