import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { isKubeconfigText } from '../../mesh/manifests/formats';
import { projectRoot } from '../../runtime/project-root';
import { ClusterError } from './errors';

/** Which cluster to use. */
export interface KubeconfigOptions {
  /** Path or content of a kubeconfig. Defaults to `KUBECONFIG`, then `~/.kube/config`, then the pod's own service account. */
  kubeconfig?: string;
  /** Defaults to the kubeconfig's current context. */
  context?: string;
}

// Loaded on demand, because most runs need no cluster, and by Node itself, because it is a separate bundle.
const load = createRequire(join(projectRoot, 'cluster', 'api', 'index.js'));

export function clientNode(): typeof import('./client-node') {
  return load('./load-client-node.js') as typeof import('./client-node');
}

const serviceAccountToken = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Whether a kubeconfig is found when none is named. */
export function hasKubeconfig(env = process.env): boolean {
  return (
    (env['KUBECONFIG'] ?? '') !== '' ||
    existsSync(join(homedir(), '.kube', 'config')) ||
    existsSync(serviceAccountToken)
  );
}

/**
 * Reads a kubeconfig, and checks that its context leads to a cluster.
 * @throws ClusterError `no-cluster` when there is none, when it cannot be read, and when it has no such context.
 */
export function loadKubeconfig({ kubeconfig, context }: KubeconfigOptions, env = process.env): KubeConfig {
  if ((kubeconfig ?? '') === '' && !hasKubeconfig(env)) {
    throw noCluster(
      'there is no kubeconfig: KUBECONFIG is not set, and ~/.kube/config does not exist. Set KUBECONFIG, or start the lab: npx meshwright lab up',
    );
  }
  const config = new (clientNode().KubeConfig)();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else if (isKubeconfigText(kubeconfig)) config.loadFromString(kubeconfig);
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    const [reason = ''] = (error as Error).message.split('\n');
    throw noCluster(`the kubeconfig cannot be read: ${reason.replace(/:$/, '')}`);
  }
  const names = config.getContexts().map(({ name }) => name);
  const available = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
  const current: unknown = config.getCurrentContext();
  const wanted = context ?? (typeof current === 'string' ? current : '');
  if (!names.includes(wanted)) {
    throw noCluster(
      wanted === ''
        ? `the kubeconfig has no current context; ${available}`
        : `the kubeconfig has no context ${wanted}; ${available}`,
    );
  }
  config.setCurrentContext(wanted);
  const server = config.getCurrentCluster()?.server ?? '';
  if (!/^https?:\/\//.test(server) || !URL.canParse(server)) {
    const found =
      server === '' ? 'names no cluster with a server' : `has the server ${JSON.stringify(server)}, which is not a URL`;
    throw noCluster(`context ${wanted} of the kubeconfig ${found}`);
  }
  // The library demands it for plain HTTP, where there is nothing to verify.
  if (server.startsWith('http:')) Object.assign(config.getCurrentCluster() ?? {}, { skipTLSVerify: true });
  return config;
}

function noCluster(message: string): ClusterError {
  return new ClusterError('no-cluster', message);
}
