import type { KnownApp, KnownAppName, WorkloadSettings } from '../settings';
import { bookinfo } from './bookinfo';
import { mall, octopus, tutorial } from './courses';

/** Echoes requests; the target of the circuit breaking exercise. */
const httpbin: KnownApp = {
  hub: 'docker.io/honester',
  version: 'latest',
  workloads: {
    httpbin: { image: '{hub}/httpbin:{version}', imagePullPolicy: 'IfNotPresent', ports: [{ containerPort: 80 }] },
  },
  services: { httpbin: { ports: [{ name: 'http', port: 8000, targetPort: 80 }] } },
};

/** Istio's load generator, as a bare Pod to run commands in. https://fortio.org */
const fortio: KnownApp = {
  hub: 'docker.io/fortio',
  version: 'latest_release',
  workloads: {
    fortio: {
      kind: 'Pod',
      image: '{hub}/fortio:{version}',
      imagePullPolicy: 'IfNotPresent',
      ports: [
        { containerPort: 8080, name: 'http-fortio' },
        { containerPort: 8079, name: 'grpc-ping' },
      ],
    },
  },
};

/** A bare Pod with curl that sleeps, to send requests from inside the mesh. */
const curltest: KnownApp = {
  hub: 'docker.io/curlimages',
  version: '8.10.1',
  workloads: {
    curltest: {
      kind: 'Pod',
      labels: { run: 'curltest' },
      image: '{hub}/curl:{version}',
      args: ['sleep', '365d'],
      container: { name: 'curltest' },
    },
  },
};

/** A Deployment without a Service, to watch sidecar injection. */
const userlist: KnownApp = {
  hub: 'docker.io/ssongman',
  version: 'v1',
  workloads: { userlist: { image: '{hub}/userlist:{version}' } },
};

/** Two bare Pods behind one Service for the outlier detection exercise; the second fails half of its requests. */
const hello: KnownApp = {
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

const knownApps: Record<KnownAppName, KnownApp> = {
  bookinfo,
  tutorial,
  mall,
  httpbin,
  fortio,
  hello,
  userlist,
  curltest,
  octopus,
};

export function knownApp(name: KnownAppName): KnownApp {
  return knownApps[name];
}
