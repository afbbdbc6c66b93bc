import { LiveError } from './errors';
import { istiodAt, type Istiod } from './istiod-address';
import { istiodPods, type ClusterOptions } from './istiod-pods';
import { proxyConfig, type ProxyConfig } from './proxy-config';
import { proxySyncs, type ProxySync } from './proxy-sync';
import type { ProxyView } from './proxy-view';

export interface MeshViewOptions extends ClusterOptions {
  /** Addresses of istiods, `host[:port]`, all replicas. Default to the istiod pods of the cluster, through port-forwards. */
  istiod?: readonly string[];
}

/** Proxies asked about at once, per istiod. */
const parallel = 4;
/** Age, in milliseconds, up to which a config dump counts as fresh when nothing was sent to the proxy since. */
const dumpAge = 250;

interface Dump {
  config: ProxyConfig;
  /** What had been sent when it was taken. */
  sent: string;
  taken: number;
}

/** All proxies of a mesh, as the istiods that they are connected to see them. Several may look at once and share what they get. */
export class MeshView {
  private istiods: Promise<Istiod[]> | undefined;
  private looking: { begun: number; views: Promise<ProxyView[]> } | undefined;
  private users = 0;
  private readonly dumps = new Map<string, Dump>();
  private readonly acknowledged = new Map<string, ProxyConfig>();

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
   * @throws LiveError when the istiods cannot be asked.
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

  private async lookNow(): Promise<ProxyView[]> {
    this.istiods ??= this.connect();
    const views = await Promise.all((await this.istiods).map((istiod) => this.proxiesOf(istiod)));
    return views.flat();
  }

  private connect(): Promise<Istiod[]> {
    const { istiod, ...cluster } = this.options;
    return istiod === undefined
      ? istiodPods(cluster)
      : Promise.resolve(istiod.map((address) => istiodAt(address, address)));
  }

  private async disconnect(): Promise<void> {
    const istiods = await (this.istiods ?? Promise.resolve([])).catch(() => []);
    this.istiods = undefined;
    this.looking = undefined;
    for (const istiod of istiods) istiod.close();
  }

  private async proxiesOf(istiod: Istiod): Promise<ProxyView[]> {
    const syncs = proxies(istiod.name, await istiod.get('/debug/syncz'));
    const configs = new Map<string, ProxyConfig>();
    await each(syncs, parallel, async (sync) => {
      const config = await this.configOf(istiod, sync);
      if (config !== undefined) configs.set(sync.proxy, config);
    });
    // Acknowledgements are looked at after the configurations: those that hold then are of what was seen, or of later.
    const after = configs.size === 0 ? [] : proxies(istiod.name, await istiod.get('/debug/syncz'));
    return after.flatMap((sync) => {
      const config = configs.get(sync.proxy);
      return config === undefined ? [] : [this.remembered({ ...sync, istiod: istiod.name, config })];
    });
  }

  private async configOf(istiod: Istiod, sync: ProxySync): Promise<ProxyConfig | undefined> {
    const key = `${istiod.name} ${sync.proxy}`;
    const sent = JSON.stringify(Object.values(sync.kinds).map((kind) => kind.sent));
    const known = this.dumps.get(key);
    if (known?.sent === sent && performance.now() - known.taken < dumpAge) return known.config;
    const taken = performance.now();
    // istiod takes the first connection whose id, `<proxy>-<number>`, contains the text.
    const dump = await istiod.get(
      `/debug/config_dump?include_eds=true&proxyID=${encodeURIComponent(`${sync.proxy}-`)}`,
    );
    if (dump === undefined) return undefined;
    const config = understood(istiod.name, () => proxyConfig(dump));
    this.dumps.set(key, { config, sent, taken });
    return config;
  }

  /** What a proxy had when it had acknowledged everything is what it serves while it lags. */
  private remembered(view: ProxyView): ProxyView {
    const key = `${view.istiod} ${view.proxy}`;
    const { kinds, config } = view;
    const whole = Object.values(kinds).every(({ acked, error }) => acked && error === undefined);
    const sent = Math.max(...Object.values(kinds).map(({ number }) => number ?? -1));
    if (whole && sent >= (config.number ?? Infinity)) this.acknowledged.set(key, config);
    const acknowledged = this.acknowledged.get(key);
    return acknowledged === undefined ? view : { ...view, acknowledged };
  }
}

/** ztunnel has no routes. */
function proxies(istiod: string, syncz: unknown): ProxySync[] {
  return understood(istiod, () => proxySyncs(syncz)).filter(({ type }) => type !== 'ztunnel');
}

function understood<T>(istiod: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new LiveError('unreachable', `${istiod} answers, but not as an istiod does: is the address right?`);
  }
}

async function each<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
