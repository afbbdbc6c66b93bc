import type { KnownApp } from './app';

/** A bare Pod with curl that does nothing, to send requests from inside the mesh. */
export const curltest: KnownApp = {
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
