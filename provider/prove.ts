import { setTimeout as sleep } from 'node:timers/promises';
import { defined, type KubernetesObject } from '../mesh/manifests/kubernetes';
import type { SetProof } from '../mesh/manifests/route-set';
import {
  ClusterError,
  MeshView,
  proveDestinations,
  proveRoute,
  type KubeconfigOptions,
  type MeshViewOptions,
} from '../cluster/proxies';
import type { LogMessage } from './engine-log';

/** Defaults of ProofSettings, in seconds. */
const defaultTimeout = 60;
const defaultDrain = 5;

/** By their options: all Routes of a run share the connections to proxies, and the answers. */
const views = new Map<string, MeshView>();

/** Asks the proxies whether they serve a route, if the proof is on. */
export class Prover {
  private readonly mesh: MeshView | undefined;

  constructor(
    private readonly settings: SetProof | undefined,
    cluster: KubeconfigOptions,
    private readonly log: LogMessage,
    private readonly signal: AbortSignal,
  ) {
    this.mesh = settings === undefined || settings.enabled === false ? undefined : viewOf({ ...cluster, ...settings });
  }

  /** Keeps the connections to proxies open during `work`. */
  while<T>(work: () => Promise<T>): Promise<T> {
    return this.mesh === undefined ? work() : this.mesh.while(work);
  }

  /** @throws LagError, see proveDestinations */
  async reach(before: KubernetesObject | undefined, after: KubernetesObject, restricted: boolean): Promise<void> {
    await this.asked((mesh) => proveDestinations(before, after, restricted, this.options(mesh)));
  }

  /**
   * @returns one line for the log; undefined when no proxy was asked
   * @throws LagError, see proveRoute
   */
  async live(
    before: KubernetesObject | undefined,
    after: KubernetesObject | undefined,
    restricted = false,
  ): Promise<string | undefined> {
    return this.asked((mesh) => proveRoute(before, after, this.options(mesh), restricted));
  }

  /** Waits, so that open connections to destinations that a route no longer uses can end. */
  async drain(what: readonly string[]): Promise<void> {
    const { drainSeconds = defaultDrain } = this.settings ?? {};
    if (this.mesh === undefined || what.length === 0 || drainSeconds === 0) return;
    this.log.info(`${what.join('; ')}: draining open connections for ${drainSeconds} s`);
    await sleep(drainSeconds * 1000, undefined, { signal: this.signal });
  }

  private options(mesh: MeshView): Parameters<typeof proveRoute>[2] {
    const { timeoutSeconds = defaultTimeout } = this.settings ?? {};
    return { mesh, timeoutMs: timeoutSeconds * 1000, log: (line) => this.log.progress(line) };
  }

  /** If proxies cannot be asked, the update fails only if the configuration demands proof. */
  private async asked<T>(ask: (mesh: MeshView) => Promise<T>): Promise<T | undefined> {
    if (this.mesh === undefined) return undefined;
    try {
      return await interruptible(ask(this.mesh), this.signal);
    } catch (error) {
      if (!(error instanceof ClusterError) || this.settings?.strict === true) throw error;
      this.log.warnOnce(`${error.message}: routes are changed without proof that the proxies have them`);
      return undefined;
    }
  }
}

function interruptible<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) {
      stop();
      return;
    }
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function viewOf({ kubeconfig, context, namespace, istiod, proxies }: KubeconfigOptions & SetProof): MeshView {
  const options: MeshViewOptions = defined({ kubeconfig, context, namespace, istiod, proxies });
  const key = JSON.stringify(options);
  const view = views.get(key) ?? new MeshView(options);
  views.set(key, view);
  return view;
}
