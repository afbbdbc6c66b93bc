import { setTimeout as sleep } from 'node:timers/promises';
import * as pulumi from '@pulumi/pulumi';
import {
  LiveError,
  MeshView,
  dropped,
  proveDestinations,
  proveRoute,
  type MeshViewOptions,
  type ProofOptions,
} from '../live';
import { objectOfInputs } from './hook-inputs';
import { objectId } from './kubernetes-object';
import type { KubernetesObject } from './manifests/kubernetes';
import type { ProofSettings } from './manifests/settings';

/** Defaults of {@link ProofSettings}, in seconds. */
const defaultTimeout = 60;
const defaultDrain = 5;

/** How routes are proven, and in which cluster. */
export interface RouteProofArgs extends ProofSettings {
  /** Path or text of the cluster's kubeconfig. Defaults to what kubectl takes. */
  kubeconfig?: string;
  /** Context of the kubeconfig. Defaults to the current one. */
  context?: string;
  /** Namespace of the control plane. Defaults to `istio-system`. */
  namespace?: string;
}

/** What is to be known of a VirtualService beside itself. */
export interface ProvenRoute {
  virtualService: KubernetesObject;
  /** Its DestinationRules are not for every proxy (`exportTo`, `workloadSelector`). */
  restricted: boolean;
}

/** Views by their options: components of one program share connections and what they see. */
const views = new Map<string, MeshView>();

/**
 * Holds an update back around each VirtualService: before it is written, until every proxy can reach its new destinations; after it, until every proxy serves it and the connections to what it has
 * left had time to end. Pulumi deletes when all this is done, so what a route has left is there until nobody uses it. See docs/zero-loss.md.
 */
export class RouteProof {
  private readonly hooks: pulumi.ResourceHookBinding;
  private readonly routes: ReadonlyMap<string, ProvenRoute>;
  private readonly options: ProofOptions;
  private readonly changed = new Set<string>();

  /** @param name - of the component, as hooks are known by name in the whole stack */
  constructor(
    name: string,
    private readonly args: RouteProofArgs,
    routes: readonly ProvenRoute[],
  ) {
    this.routes = new Map(routes.map((route) => [objectId(route.virtualService), route]));
    const { timeoutSeconds = defaultTimeout } = args;
    this.options = {
      mesh: viewOf(args),
      timeout: timeoutSeconds * 1000,
      log: (line) => void pulumi.log.info(line),
    };
    const before = hook(`${name}:destinations`, (old, now) => this.before(old, now));
    const after = hook(`${name}:live`, (old, now) => this.after(old, now));
    this.hooks = {
      beforeCreate: [before],
      beforeUpdate: [before],
      afterCreate: [after],
      afterUpdate: [after],
      // With such a hook in its state a stack cannot be destroyed without its program (docs/decisions/removed-routes.md).
      ...(programRunsOnDestroy() ? { afterDelete: [hook(`${name}:gone`, (old) => this.after(old, undefined))] } : {}),
    };
  }

  /** Options of a VirtualService's resource. */
  resourceOptions(): pulumi.CustomResourceOptions {
    return { hooks: this.hooks };
  }

  /**
   * Hooks run only for what changes. A route that an earlier update has changed but not proven is the same now, and what it has left would be deleted unproven: so those are proven, too, before the
   * program ends, as Pulumi deletes only then.
   */
  proveUnchanged(resource: pulumi.CustomResource, { virtualService }: ProvenRoute): void {
    if (pulumi.runtime.isDryRun()) return;
    resource.id.apply(async () => {
      if (this.changed.has(objectId(virtualService))) return;
      await this.asked(() => proveRoute(undefined, virtualService, { ...this.options, log: () => undefined }));
    });
  }

  private async before(old: KubernetesObject | undefined, now: KubernetesObject | undefined): Promise<void> {
    if (now === undefined) return;
    const restricted = this.routes.get(objectId(now))?.restricted ?? false;
    await this.asked(() => proveDestinations(old, now, restricted, this.options));
  }

  private async after(old: KubernetesObject | undefined, now: KubernetesObject | undefined): Promise<void> {
    const object = now ?? old;
    if (object === undefined) return;
    this.changed.add(objectId(object));
    const proven = await this.asked(() => proveRoute(old, now, this.options));
    if (proven !== undefined) this.options.log(proven);
    const left = old === undefined ? [] : dropped(old, now);
    const { drainSeconds = defaultDrain } = this.args;
    if (left.length === 0 || drainSeconds === 0) return;
    this.options.log(
      `route ${objectId(object)}: ${left.join(', ')} kept for ${drainSeconds} s, for the connections that are open`,
    );
    await sleep(drainSeconds * 1000);
  }

  /** Proxies that cannot be asked are no reason to fail, unless config says so. */
  private async asked<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof LiveError) || this.args.strict === true) throw withoutStack(error);
      warnOnce(`${error.message}: routes are changed without proof that the proxies have them`);
      return undefined;
    }
  }
}

function viewOf({ kubeconfig, context, namespace, istiod, proxies }: RouteProofArgs): MeshView {
  const options = Object.fromEntries(
    Object.entries({ kubeconfig, context, namespace, istiod, proxies }).filter(([, value]) => value !== undefined),
  ) as MeshViewOptions;
  const key = JSON.stringify(options);
  const view = views.get(key) ?? new MeshView(options);
  views.set(key, view);
  return view;
}

type Change = (old: KubernetesObject | undefined, now: KubernetesObject | undefined) => Promise<void>;

function hook(name: string, change: Change): pulumi.ResourceHook {
  return new pulumi.ResourceHook(name, async ({ oldInputs, newInputs }) =>
    change(await objectOfInputs(oldInputs), await objectOfInputs(newInputs)),
  );
}

/** Pulumi's own switch. */
function programRunsOnDestroy(): boolean {
  return ['1', 'true'].includes((process.env['PULUMI_RUN_PROGRAM'] ?? '').toLowerCase());
}

const warned = new Set<string>();

function warnOnce(message: string): void {
  if (warned.has(message)) return;
  warned.add(message);
  void pulumi.log.warn(message);
}

function withoutStack(error: unknown): Error {
  return new pulumi.RunError(error instanceof Error ? error.message : String(error));
}
