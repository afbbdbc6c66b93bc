import { ControlPlane } from 'meshwright';
import * as pulumi from '@pulumi/pulumi';

// A folder with Istio's charts. Without it they come from Istio's Helm repository.
const path = new pulumi.Config().get('charts');

export const { namespace } = new ControlPlane('istio', {
  mtls: 'STRICT',
  meshConfig: { accessLogFile: '/dev/stdout' },
  ...(path === undefined ? {} : { charts: { path } }),
});
