import type { KubeConfig } from '@kubernetes/client-node';
import { isKubeconfigText } from '../../mesh/manifests/kubeconfig';
import { LiveError } from './errors';

/** Which cluster is asked. */
export interface KubeconfigOptions {
  /** Path or text of a kubeconfig. Defaults to `KUBECONFIG`, then `~/.kube/config`, then the pod's own service account. */
  kubeconfig?: string;
  /** Defaults to the kubeconfig's current context. */
  context?: string;
}

/**
 * Reads a kubeconfig into `config`.
 * @throws LiveError `no-cluster` when it cannot be read, or has no such context.
 */
export function loadKubeconfig(config: KubeConfig, { kubeconfig, context }: KubeconfigOptions): KubeConfig {
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else if (isKubeconfigText(kubeconfig)) config.loadFromString(kubeconfig);
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new LiveError('no-cluster', `the kubeconfig cannot be read: ${(error as Error).message}`);
  }
  if (context === undefined) return config;
  const names = config.getContexts().map(({ name }) => name);
  if (!names.includes(context)) {
    const there = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
    throw new LiveError('no-cluster', `the kubeconfig has no context ${context}; ${there}`);
  }
  config.setCurrentContext(context);
  return config;
}
