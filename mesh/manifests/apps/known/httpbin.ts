import type { KnownApp } from './app';

/** Answers with what it was asked; the target of the circuit breaking exercise. */
export const httpbin: KnownApp = {
  hub: 'docker.io/honester',
  version: 'latest',
  workloads: {
    httpbin: { image: '{hub}/httpbin:{version}', imagePullPolicy: 'IfNotPresent', ports: [{ containerPort: 80 }] },
  },
  services: { httpbin: { ports: [{ name: 'http', port: 8000, targetPort: 80 }] } },
};
