import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { clusterOf, istiodPort, proxyPatience, proxyPort, type Cluster, type ClusterOptions } from './cluster';
import { virtualServices } from './configz';
import { debugPages, type DebugPages } from './debug-page';
import { LiveError } from '../api/errors';
import { proxyConfig, type ProxyConfig } from './proxy-config';
import { proxySyncs, type ProxySync } from './proxy-sync';
import type { ProxyView } from './proxy-view';

export interface MeshViewOptions extends ClusterOptions {
  /** Addresses of istiods, `host[:15014]`, all replicas. Default to the istiod pods of the cluster, through port-forwards. */
  istiod?: readonly string[];
  /** Addresses of proxies' admin pages, `host[:15000]`, by `<pod>.<namespace>`. Default to their pods in the cluster, through port-forwards. */
  proxies?: Readonly<Record<string, string>>;
}

/** Proxies asked at once. */
const parallel = 8;
/** Age, in milliseconds, up to which what a proxy said holds when it was sent nothing since. */
const freshness = 250;

interface Seen {
  config: ProxyConfig | undefined;
  /** What had been sent when it was asked. */
  sent: string;
  at: number;
}

/**
 * All proxies of a mesh: which there are and what they have acknowledged, as their istiods know it, and what each of them has, as it says itself. Several may look at once and share what they get.
 *
 * istiod's own page of what it has for a proxy (`/debug/config_dump`) is not asked: proxies stayed behind for good where it was (seen with 1.30.3; docs/decisions/proof-from-the-proxies.md has what
 * the source lets one suppose).
 */
export class MeshView {
  private cluster: Promise<Cluster> | undefined;
  private istiods: Promise<DebugPages[]> | undefined;
  private readonly envoys = new Map<string, Promise<DebugPages>>();
  private looking: { begun: number; views: Promise<ProxyView[]> } | undefined;
  private users = 0;
  private readonly seen = new Map<string, Seen>();
  private readonly lastSeen = new Map<string, ProxyConfig>();

  constructor(private readonly options: MeshViewOptions = {}) {}

  /**
   * Keeps the connections while `work` looks; they are closed when nobody looks any more, as an open one would keep the program alive.
   * @throws what `work` throws
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
   * Every connected proxy, not looked at before the call.
   * @throws LiveError when the istiods cannot be asked; a proxy that does not answer has no `config`.
   */
  async look(): Promise<ProxyView[]> {
    const asked = performance.now();
    // A look that was begun earlier may have missed what its caller has just done; the next one is shared by all who wait for it.
    while (this.looking !== undefined && this.looking.begun < asked) {
      await this.looking.views.catch(() => undefined);
      if (this.looking.begun < asked) this.looking = undefined;
    }
    this.looking ??= { begun: performance.now(), views: this.lookNow() };
    return this.looking.views;
  }

  /**
   * The VirtualServices that one istiod has from the API server.
   * @throws LiveError when no istiod can be asked.
   */
  async virtualServices(): Promise<KubernetesObject[]> {
    this.istiods ??= this.findIstiods();
    const [istiod] = await this.istiods;
    return istiod === undefined ? [] : answer(istiod, '/debug/configz', virtualServices);
  }

  private async lookNow(): Promise<ProxyView[]> {
    this.istiods ??= this.findIstiods();
    const found = await Promise.all((await this.istiods).map(proxiesOf));
    const views: ProxyView[] = [];
    await each(found.flat(), parallel, async (view) => {
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

  private async findIstiods(): Promise<DebugPages[]> {
    const { istiod } = this.options;
    if (istiod === undefined) return (await this.theCluster()).istiods();
    return istiod.map((address) => debugPages(`istiod ${address}`, address, istiodPort));
  }

  private theCluster(): Promise<Cluster> {
    this.cluster ??= clusterOf(this.options);
    return this.cluster;
  }

  private async configOf(sync: ProxySync): Promise<ProxyConfig | undefined> {
    // One that has not acknowledged what it was sent is not there yet, whatever it would say; and it may be stuck.
    if (Object.values(sync.kinds).some(({ acked }) => !acked)) return undefined;
    const sent = JSON.stringify(Object.values(sync.kinds).map((kind) => [kind.sent, kind.acked]));
    const known = this.seen.get(sync.proxy);
    if (known?.sent === sent && performance.now() - known.at < freshness) return known.config;
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

  private async findEnvoy(proxy: string): Promise<DebugPages> {
    const address = this.options.proxies?.[proxy];
    if (address !== undefined) return debugPages(proxy, address, proxyPort, proxyPatience);
    const dot = proxy.lastIndexOf('.');
    return (await this.theCluster()).proxy(proxy.slice(dot + 1), proxy.slice(0, dot));
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

/** ztunnel has no routes. */
async function proxiesOf(istiod: DebugPages): Promise<ProxyView[]> {
  const syncs = await answer(istiod, '/debug/syncz', proxySyncs);
  return syncs.filter(({ type }) => type !== 'ztunnel').map((sync) => ({ ...sync, istiod: istiod.name }));
}

async function answer<T>(istiod: DebugPages, page: string, read: (answer: unknown) => T): Promise<T> {
  const given = await istiod.get(page);
  try {
    return read(given);
  } catch {
    throw new LiveError('unreachable', `${istiod.name} answers, but not as an istiod does: is the address right?`);
  }
}

async function each<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
