import type { KnownApp } from './app';

/** Istio's load generator, as a bare Pod to run commands in. https://fortio.org */
export const fortio: KnownApp = {
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
