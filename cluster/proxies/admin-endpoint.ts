import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { parseAddress } from '../../mesh/manifests/formats';
import { asList, asMap } from '../../mesh/json';
import {
  ApiError,
  ClusterError,
  Connection,
  forwardPort,
  KubernetesApi,
  type KubeconfigOptions,
  type LiveObject,
} from '../api';

/** The admin interface of an Envoy, or the debug endpoints of an istiod. */
export interface AdminEndpoint {
  /** Its pod, or its address. */
  name: string;
  /**
   * A page, as parsed JSON.
   * @throws ClusterError `unreachable` or `forbidden`.
   */
  get(path: string): Promise<unknown>;
  close(): void;
}

/** A cluster, and where its control plane is. */
export interface ClusterOptions extends KubeconfigOptions {
  /** Namespace of the control plane. Defaults to `istio-system`. */
  namespace?: string;
}

/** istiod's monitoring port, which has the debug endpoints (Istio: pilot/pkg/bootstrap/server.go), and the port of Envoy's admin interface in every proxy. */
export const istiodPort = 15014;
export const proxyPort = 15000;
/** Longest time, in milliseconds, for a page: a proxy that hangs must not delay the others. */
const istiodTimeoutMs = 5000;
export const proxyTimeoutMs = 1000;
const istiodLabel = 'app=istiod';

/**
 * The endpoint at an address `host[:port]`. istiod has debug endpoints on its monitoring port (15014) and its HTTP port (8080), for callers of its own machine or namespace; Envoy's admin port is 15000.
 * @param name - for error messages
 */
export function adminEndpoint(
  name: string,
  address: string,
  defaultPort: number,
  timeoutMs = istiodTimeoutMs,
): AdminEndpoint {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const { host, port = defaultPort } = parseAddress(address) ?? { host: address };
  const get = (path: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const timeout = AbortSignal.timeout(timeoutMs);
      const fail = (reason: string): void =>
        reject(
          new ClusterError(
            'unreachable',
            `${name} does not answer: ${timeout.aborted ? `no response within ${timeoutMs / 1000} s` : reason}`,
          ),
        );
      const sent = request({ host, port, path, agent, signal: timeout }, (response) => {
        const { statusCode = 0 } = response;
        text(response).then(
          (body) => {
            if (statusCode === 401 || statusCode === 403) reject(refused(name, statusCode));
            else if (statusCode !== 200)
              fail(`${statusCode} on ${path}; are its debug endpoints switched off (ENABLE_DEBUG_ON_HTTP)?`);
            else parseJson(body, resolve, () => fail(`${path} is not JSON`));
          },
          (error: unknown) => fail((error as Error).message),
        );
      });
      sent.on('error', (error) => fail(error.message));
      sent.end();
    });
  return { name, get, close: () => agent.destroy() };
}

function refused(name: string, status: number): ClusterError {
  return new ClusterError(
    'forbidden',
    `${name} answers ${status}: its debug endpoints are for its own machine and for callers of its namespace only; leave its address out to use a port-forward`,
  );
}

function parseJson(body: string, resolve: (value: unknown) => void, fail: () => void): void {
  try {
    resolve(JSON.parse(body));
  } catch {
    fail();
  }
}

/** The istiods and proxies of a cluster, through port-forwards: callers from inside a pod may see everything. */
export class ClusterEndpoints {
  private readonly connection: Connection;
  private readonly namespace: string;

  /** @throws ClusterError when the kubeconfig cannot be used. */
  constructor({ namespace = 'istio-system', ...options }: ClusterOptions) {
    this.connection = Connection.open(options);
    this.namespace = namespace;
  }

  /**
   * Every ready istiod, of any revision.
   * @throws ClusterError when the cluster does not answer, has no istiod or no ready one, and for missing rights.
   */
  async istiods(): Promise<AdminEndpoint[]> {
    const { namespace } = this;
    const place = `namespace ${namespace} of context ${this.connection.context}`;
    const pods = await new KubernetesApi(this.connection, podKind)
      .list('Pod', { namespace, labelSelector: istiodLabel })
      .catch((error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        const problem = error.status === 403 || error.status === 401 ? 'forbidden' : 'no-cluster';
        throw new ClusterError(
          problem,
          `the cluster of context ${this.connection.context} does not let you list the pods of ${namespace}: ${error.message.replace(/^not allowed: /, '')}`,
        );
      });
    if (pods.length === 0) {
      throw new ClusterError('no-istio', `no istiod in ${place}: no pod there has the label ${istiodLabel}`);
    }
    const ready = pods.filter(isReady).map(({ metadata }) => metadata.name);
    if (ready.length === 0) {
      throw new ClusterError('unreachable', `none of the ${pods.length} istiod pods in ${place} is ready`);
    }
    return Promise.all(ready.map((name) => this.#forwarded({ namespace, name }, istiodPort, istiodTimeoutMs)));
  }

  /** The Envoy of a pod. */
  proxy(namespace: string, name: string): Promise<AdminEndpoint> {
    return this.#forwarded({ namespace, name }, proxyPort, proxyTimeoutMs);
  }

  async #forwarded(pod: { namespace: string; name: string }, port: number, timeoutMs: number): Promise<AdminEndpoint> {
    const forwarded = await forwardPort(this.connection, pod, port);
    const inner = adminEndpoint(pod.name, '127.0.0.1', forwarded.port, timeoutMs);
    return {
      name: pod.name,
      get: (path) =>
        inner.get(path).catch((error: unknown) => {
          throw forwarded.failure() ?? error;
        }),
      close: () => {
        inner.close();
        forwarded.close();
      },
    };
  }
}

/** Needs no discovery. */
const podKind = new Map([['Pod', { plural: 'pods', namespaced: true, apiVersions: ['v1'] }]]);

function isReady({ metadata, status }: LiveObject): boolean {
  const conditions = asList(status?.['conditions']).map(asMap);
  const ready = conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');
  return ready && metadata.deletionTimestamp === undefined;
}
