import { eachLimited } from '../../mesh/collections';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { ClusterError } from '../api';
import {
  adminEndpoint,
  type AdminEndpoint,
  ClusterEndpoints,
  type ClusterOptions,
  istiodPort,
  proxyPort,
  proxyTimeoutMs,
} from './admin-endpoint';
import { proxyConfig, type ProxyConfig } from './proxy-config';
import { type ProxySync, proxySyncs, type ProxySyncView, virtualServices } from './proxy-sync';

export interface MeshViewOptions extends ClusterOptions {
  /** Addresses of all istiods, `host[:15014]`. Default to port-forwards to the istiod pods. */
  istiod?: readonly string[];
  /** Admin addresses of proxies, `host[:15000]`, by `<pod>.<namespace>`. Default to port-forwards to their pods. */
  proxies?: Readonly<Record<string, string>>;
}

/** Proxies asked at once. */
const parallel = 8;
/** How long, in milliseconds, a configuration dump is reused when there was no push since. */
const dumpMs = 250;

interface Seen {
  config: ProxyConfig | undefined;
  /** Nonces of all pushes before it. */
  sent: string;
  at: number;
}

/**
 * All proxies of a mesh: their sync status from istiod, and their configuration from the proxies themselves. Concurrent callers share requests.
 *
 * istiod's `/debug/config_dump` is not used: with it, proxies stopped receiving pushes (seen with 1.30.3; see docs/decisions/proof-from-the-proxies.md).
 */
export class MeshView {
  private cluster: ClusterEndpoints | undefined;
  private istiods: Promise<AdminEndpoint[]> | undefined;
  private readonly envoys = new Map<string, Promise<AdminEndpoint>>();
  private looking: { began: number; views: Promise<ProxySyncView[]> } | undefined;
  private users = 0;
  private readonly seen = new Map<string, Seen>();
  private readonly lastSeen = new Map<string, ProxyConfig>();

  constructor(private readonly options: MeshViewOptions = {}) {}

  /**
   * Keeps connections open during `work`, and closes them after the last one: an open connection would keep the program alive.
   * @throws the errors of `work`
   */
  async while<T>(work: () => Promise<T>): Promise<T> {
    this.users += 1;
    try {
      return await work();
    } finally {
      this.users -= 1;
      if (this.users === 0) await this.disconnect();
    }
  }

  /**
   * Every connected proxy, in its state after the call. A proxy that does not answer has no `config`.
   * @throws ClusterError when an istiod does not answer
   */
  async look(): Promise<ProxySyncView[]> {
    const asked = performance.now();
    // A request that began earlier may miss the caller's last change. All waiting callers share the next request.
    while (this.looking !== undefined && this.looking.began < asked) {
      await this.looking.views.catch(() => undefined);
      if (this.looking.began < asked) this.looking = undefined;
    }
    this.looking ??= { began: performance.now(), views: this.lookNow() };
    return this.looking.views;
  }

  /**
   * The VirtualServices that an istiod has read from the API server.
   * @throws ClusterError when no istiod answers
   */
  async virtualServices(): Promise<KubernetesObject[]> {
    this.istiods ??= this.findIstiods();
    const [istiod] = await this.istiods;
    return istiod === undefined ? [] : parsed(istiod, '/debug/configz', virtualServices);
  }

  private async lookNow(): Promise<ProxySyncView[]> {
    this.istiods ??= this.findIstiods();
    const found = await Promise.all((await this.istiods).map(proxiesOf));
    const views: ProxySyncView[] = [];
    await eachLimited(found.flat(), parallel, async (view) => {
      const config = await this.configOf(view);
      if (config !== undefined) this.lastSeen.set(view.proxy, config);
      const lastSeen = this.lastSeen.get(view.proxy);
      views.push({
        ...view,
        ...(config === undefined ? {} : { config }),
        ...(lastSeen === undefined ? {} : { lastSeen }),
      });
    });
    return views.sort((a, b) => (a.proxy < b.proxy ? -1 : 1));
  }

  private async findIstiods(): Promise<AdminEndpoint[]> {
    const { istiod } = this.options;
    if (istiod === undefined) return this.endpoints().istiods();
    return istiod.map((address) => adminEndpoint(`istiod ${address}`, address, istiodPort));
  }

  private endpoints(): ClusterEndpoints {
    this.cluster ??= new ClusterEndpoints(this.options);
    return this.cluster;
  }

  private async configOf(sync: ProxySync): Promise<ProxyConfig | undefined> {
    // A proxy that has not acknowledged a push lags anyway, and may hang.
    if (Object.values(sync.kinds).some(({ acked }) => !acked)) return undefined;
    const sent = JSON.stringify(Object.values(sync.kinds).map((kind) => [kind.sent, kind.acked]));
    const known = this.seen.get(sync.proxy);
    if (known?.sent === sent && performance.now() - known.at < dumpMs) return known.config;
    const at = performance.now();
    const config = await this.ask(sync.proxy).catch(() => undefined);
    this.seen.set(sync.proxy, { config, sent, at });
    return config;
  }

  private async ask(proxy: string): Promise<ProxyConfig> {
    const envoy = this.envoys.get(proxy) ?? this.findEnvoy(proxy);
    this.envoys.set(proxy, envoy);
    return proxyConfig(await (await envoy).get('/config_dump?include_eds'));
  }

  private async findEnvoy(proxy: string): Promise<AdminEndpoint> {
    const address = this.options.proxies?.[proxy];
    if (address !== undefined) return adminEndpoint(proxy, address, proxyPort, proxyTimeoutMs);
    const dot = proxy.lastIndexOf('.');
    return this.endpoints().proxy(proxy.slice(dot + 1), proxy.slice(0, dot));
  }

  private async disconnect(): Promise<void> {
    const opened = [(this.istiods ?? Promise.resolve([])).catch(() => []), ...this.envoys.values()];
    this.istiods = undefined;
    this.cluster = undefined;
    this.looking = undefined;
    this.envoys.clear();
    for (const pages of (await Promise.allSettled(opened)).flatMap((one) =>
      one.status === 'fulfilled' ? one.value : [],
    ))
      pages.close();
  }
}

/** The proxies of an istiod; ztunnels have no routes. */
async function proxiesOf(istiod: AdminEndpoint): Promise<ProxySyncView[]> {
  const syncs = await parsed(istiod, '/debug/syncz', proxySyncs);
  return syncs.filter(({ type }) => type !== 'ztunnel').map((sync) => ({ ...sync, istiod: istiod.name }));
}

async function parsed<T>(istiod: AdminEndpoint, page: string, read: (answer: unknown) => T): Promise<T> {
  const given = await istiod.get(page);
  try {
    return read(given);
  } catch {
    throw new ClusterError('unreachable', `${istiod.name} answers, but is not istiod: is the address right?`);
  }
}
