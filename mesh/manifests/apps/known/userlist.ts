import type { KnownApp } from './app';

/** A Deployment without a Service, to watch a sidecar come and go. */
export const userlist: KnownApp = {
  hub: 'docker.io/ssongman',
  version: 'v1',
  workloads: { userlist: { image: '{hub}/userlist:{version}' } },
};
