import type { WorkloadSettings } from '../settings';
import type { KnownApp } from './app';

/** Two bare Pods behind one Service, the second of which fails half of its requests: the outlier detection exercise. */
export const hello: KnownApp = {
  hub: 'docker.io/honester',
  version: 'latest',
  workloads: {
    'hello-server-1': server('hello-server-1', { VERSION: 'v1', LOG: '1' }),
    'hello-server-2': server('hello-server-2', { VERSION: 'v2', LOG: '1', RANDOM_ERROR: '0.5' }),
  },
  services: {
    'svc-hello': {
      labels: { app: 'hello' },
      selector: { app: 'hello' },
      ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    },
  },
};

function server(name: string, env: Record<string, string>): WorkloadSettings {
  return {
    kind: 'Pod',
    labels: { app: 'hello' },
    image: '{hub}/hello-server:{version}',
    imagePullPolicy: 'IfNotPresent',
    env,
    container: { name },
  };
}
