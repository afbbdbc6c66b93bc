import { setTimeout as sleep } from 'node:timers/promises';
import type { RouteSettings, StackSettings } from '../../../mesh/manifests/settings';
import { accessLog, accessLogging } from './access-log';
import { freePorts } from './child';
import { startLoad, type Loaded } from './load';
import { lossesOf, type Losses } from './losses';
import { addressesOf, startMesh, type RealMesh } from './mesh';
import { findPrograms } from './programs';
import { shop, shopHost, shopRoute, sidecarAddress, sidecarTcpAddress, type Shop } from './shop';
import { sections } from '../pulumi/support/bookinfo';
import { clusterOf, type Cluster } from '../pulumi/support/cluster';
import { RealStack } from '../pulumi/support/real-stack';

export type Weights = Record<string, number>;

/** The results of a load, with the causes of losses. */
export type Judged = Pick<Loaded, 'requests' | 'failed'> & Losses;

const rate = 300;
const flushed = 500;

/** A stack with routes to a service `reviews`, on a real istiod and real Envoys. */
export class LoadedStack {
  readonly cluster: Cluster;

  private constructor(
    readonly mesh: RealMesh,
    readonly stack: RealStack,
    private readonly place: Shop,
  ) {
    this.cluster = clusterOf(mesh.lab);
  }

  /** Skips the tests, with the reason, if a program is missing. */
  static async start(context: Mocha.Context, versions: readonly string[]): Promise<LoadedStack> {
    const programs = await findPrograms();
    if (typeof programs === 'string') {
      console.log(`      skipped: ${programs}`);
      return context.skip();
    }
    const [port = 0] = await freePorts(1);
    const place = shop(port, versions, 2);
    const log = (line: string): void => console.log(`      ${line}`);
    const mesh = await startMesh({ programs, ...place, meshConfig: accessLogging, log });
    return new LoadedStack(mesh, new RealStack(mesh.lab), place);
  }

  /** The route with these weights, or without any; the service has as many versions. */
  configure(weights: Weights | undefined, proof: StackSettings['proof'] = {}): void {
    const reviews = weights === undefined ? {} : { reviews: shopRoute({ versions: Object.keys(weights), weights }) };
    this.configureRoutes(reviews, proof);
  }

  configureRoutes(routes: Record<string, RouteSettings>, proof: StackSettings['proof'] = {}): void {
    this.configureStack({ namespaces: { shop: { existing: true } }, routes: { shop: routes } }, proof);
  }

  configureStack(settings: StackSettings, proof: StackSettings['proof'] = {}): void {
    const proven = { ...addressesOf(this.mesh), timeoutSeconds: 60, drainSeconds: 1, strict: true, ...proof };
    this.stack.configure({
      ...sections({ ...settings, proof: proven }),
      'meshwright:policy': { externals: { gateways: ['*'], hosts: ['*'] } },
    });
  }

  /**
   * Runs an update, and returns its messages.
   * @throws Error with the messages when it fails.
   */
  async up(): Promise<string> {
    const { status, output } = await this.stack.begin('up').ended;
    if (status !== 0) throw new Error(`the update ended with ${status}:\n${output}`);
    return output;
  }

  /**
   * The results of 300 requests a second at the gateway or at a sidecar during `work`, or of as many connections at the
   * sidecar's TCP port.
   */
  async underLoad(at: 'gateway' | 'sidecar' | 'tcp', work: () => Promise<void>): Promise<Judged> {
    const [proxy, place] = {
      gateway: ['edge-0', `127.0.0.1:${this.place.gatewayPort}`] as const,
      sidecar: ['client-0', sidecarAddress(0)] as const,
      tcp: ['client-0', sidecarTcpAddress(0)] as const,
    }[at];
    const load = await startLoad({
      url: `http://${place}/`,
      host: shopHost,
      rate,
      seconds: 3600,
      keepAlive: at !== 'tcp',
    });
    let loaded: Loaded | undefined;
    try {
      await work();
    } finally {
      loaded = await load.stop();
    }
    await sleep(flushed);
    const envoy = this.mesh.proxies.get(proxy);
    const losses = lossesOf(loaded.lost, envoy === undefined ? [] : accessLog(envoy));
    const pace = (loaded.requests / loaded.seconds).toFixed(0);
    console.log(`      ${loaded.requests} requests, ${loaded.failed} failed, ${pace} per second`);
    if (loaded.failed > 0) console.log(`      ${JSON.stringify(losses)}`);
    return { requests: loaded.requests, failed: loaded.failed, ...losses };
  }

  rules(): string[] {
    return this.cluster.names('destinationrules', 'shop');
  }

  async stop(): Promise<void> {
    await this.mesh.stop();
    this.stack.remove();
  }
}
