import type { CoreV1Api, PortForward, V1Pod } from '@kubernetes/client-node';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { LiveError } from '../api/errors';
import { debugPages, type DebugPages } from './debug-page';
import { loadKubeconfig, type KubeconfigOptions } from '../api/kubeconfig';

/** Which cluster, and where in it the control plane is. */
export interface ClusterOptions extends KubeconfigOptions {
  /** Namespace of the control plane. Defaults to `istio-system`. */
  namespace?: string;
}

/** istiod's monitoring port, which serves its debug pages (Istio: pilot/pkg/bootstrap/server.go), and the port of Envoy's admin pages in every proxy. */
export const istiodPort = 15014;
export const proxyPort = 15000;
/** Longest time, in milliseconds, that a proxy may take for an answer: one that is stuck must not hold up the others. */
export const proxyPatience = 1000;
const istiodLabel = 'app=istiod';

/** A cluster's control plane and proxies, through the API server's port-forward: from inside its pod, each shows everything. */
export interface Cluster {
  /**
   * Every ready istiod, of any revision.
   * @throws LiveError for a cluster that cannot be asked, one without istiod, one whose istiods are not ready, and for missing rights.
   */
  istiods(): Promise<DebugPages[]>;
  /** The Envoy of a pod. */
  proxy(namespace: string, pod: string): Promise<DebugPages>;
}

/**
 * Each pod that is asked is listened for on a port of 127.0.0.1 until its pages are closed.
 * @throws LiveError when the kubeconfig cannot be read.
 */
export async function clusterOf({ namespace = 'istio-system', ...options }: ClusterOptions): Promise<Cluster> {
  // The library takes longer to load than the rest of the program: only who asks a cluster pays for it.
  const kubernetes = await import('@kubernetes/client-node');
  const config = loadKubeconfig(new kubernetes.KubeConfig(), options);
  const forward = new kubernetes.PortForward(config);
  return {
    istiods: async () => {
      const pods = await list(config.makeApiClient(kubernetes.CoreV1Api), namespace, config.getCurrentContext());
      return Promise.all(pods.map((pod) => forwarded(forward, { namespace, pod, port: istiodPort })));
    },
    proxy: (ofPod, pod) => forwarded(forward, { namespace: ofPod, pod, port: proxyPort, patience: proxyPatience }),
  };
}

async function list(api: CoreV1Api, namespace: string, context: string): Promise<string[]> {
  const pods = await api.listNamespacedPod({ namespace, labelSelector: istiodLabel }).catch((error: unknown) => {
    if (codeOf(error) === 403 || codeOf(error) === 401) {
      throw new LiveError(
        'forbidden',
        `the cluster of context ${context} does not let you list the pods of ${namespace}: ${messageOf(error)}`,
      );
    }
    throw new LiveError('no-cluster', `the cluster of context ${context} does not answer: ${messageOf(error)}`);
  });
  if (pods.items.length === 0) {
    throw new LiveError(
      'no-istio',
      `no istiod in namespace ${namespace} of context ${context}: no pod there has the label ${istiodLabel}`,
    );
  }
  const ready = pods.items.filter(isReady).map(({ metadata }) => metadata?.name ?? '');
  if (ready.length === 0) {
    throw new LiveError(
      'unreachable',
      `none of the ${pods.items.length} istiod pods in namespace ${namespace} of context ${context} is ready`,
    );
  }
  return ready;
}

function isReady({ metadata, status }: V1Pod): boolean {
  const ready = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
  return ready && metadata?.deletionTimestamp === undefined;
}

interface Target {
  namespace: string;
  pod: string;
  port: number;
  patience?: number;
}

/** What of the library's WebSocket is used here; its types are those of a package that is not among its dependencies. */
interface Connection {
  close(): void;
  on(event: 'close', listener: () => void): void;
}

/** The library forwards one connection at a time; a listener makes them as they are asked for. */
async function forwarded(forward: PortForward, target: Target): Promise<DebugPages> {
  const { namespace, pod, port, patience } = target;
  let refusal: LiveError | undefined;
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    forward.portForward(namespace, pod, [port], socket, null, socket).then(
      (opened) => {
        const connection = opened as unknown as Connection;
        socket.on('close', () => connection.close());
        connection.on('close', () => socket.destroy());
      },
      (error: unknown) => {
        refusal = refused(namespace, pod, error);
        socket.destroy();
      },
    );
  });
  const inner = debugPages(pod, '127.0.0.1', await listen(server), patience);
  return {
    name: pod,
    get: (path) =>
      inner.get(path).catch((error: unknown) => {
        throw refusal ?? error;
      }),
    close: () => {
      inner.close();
      server.close();
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function refused(namespace: string, pod: string, error: unknown): LiveError {
  const message = messageOf(error);
  return /\b(401|403)\b/.test(message)
    ? new LiveError(
        'forbidden',
        `the cluster does not let you forward a port to ${namespace}/${pod}: you need to create pods/portforward there (${message})`,
      )
    : new LiveError('unreachable', `no port-forward to ${namespace}/${pod}: ${message}`);
}

function codeOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number'
    ? error.code
    : undefined;
}

function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'body' in error && typeof error.body === 'string') {
    const message = /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(error.body)?.[1];
    if (message !== undefined) return message.replaceAll('\\"', '"');
  }
  const { message = '' } = error as { message?: string };
  return message === '' ? String(error) : message;
}
