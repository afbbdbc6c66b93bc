import * as pulumi from '@pulumi/pulumi';
import { changeRefusal } from '../policy/changes/change-refusal';
import { objectOfInputs } from './hook-inputs';
import { objectTitle, type KubernetesObject } from './manifests/kubernetes';
import type { RouteObjects } from './manifests/route-objects';
import type { CheckOptions } from './refuse-findings';

/** An object before and after an update. */
interface Change {
  old: KubernetesObject;
  now: KubernetesObject;
}

/**
 * Refuses a change of routes that is wrong although the result is right: a weight that moves further than the stack allows, a subset that goes while the route being replaced still uses
 * it. In the preview already, as far as Pulumi then knows both states.
 */
export class ChangeGuard {
  private readonly rules = new Map<string, Change>();

  /** @param name - of the component, as hooks are known by name in the whole stack */
  constructor(
    private readonly name: string,
    private readonly options: CheckOptions,
  ) {}

  /** Whether any change of these routes could be refused: hooks cost a call each, so there are none for nothing. */
  static isNeeded(routes: readonly RouteObjects[], { maxStep, initialStep }: CheckOptions): boolean {
    const limited = maxStep !== undefined || initialStep !== undefined;
    return limited || routes.some(({ destinationRules }) => destinationRules.some(holdsSeveral));
  }

  /** Options of a DestinationRule's resource: what changes there is judged with the route. */
  ofRule(rule: KubernetesObject): pulumi.CustomResourceOptions {
    return this.before(rule, (change) => {
      this.rules.set(objectTitle(change.now), change);
    });
  }

  /** Options of a VirtualService's resource, which must depend on its DestinationRules. */
  ofRoute(route: KubernetesObject, { destinationRules }: RouteObjects): pulumi.CustomResourceOptions {
    return this.before(route, (change) => {
      const rules = destinationRules.flatMap(({ object }) => {
        const own = this.rules.get(objectTitle(object));
        return own === undefined ? [] : [own];
      });
      refuseChange([change, ...rules], this.options);
    });
  }

  private before(object: KubernetesObject, judge: (change: Change) => void): pulumi.CustomResourceOptions {
    const hook = new pulumi.ResourceHook(
      `${this.name}:change of ${objectTitle(object)}`,
      async ({ oldInputs, newInputs }) => {
        const [old, now] = await Promise.all([objectOfInputs(oldInputs), objectOfInputs(newInputs)]);
        if (old !== undefined && now !== undefined) judge({ old, now });
      },
      { onDryRun: true },
    );
    return { hooks: { beforeUpdate: [hook] } };
  }
}

/** @throws pulumi.RunError that lists every mandatory finding on the change */
export function refuseChange(changes: readonly Change[], options: CheckOptions): void {
  const [before, after] = [changes.map(({ old }) => old), changes.map(({ now }) => now)];
  const refusal = changeRefusal(before, after, options);
  if (refusal !== undefined) throw new pulumi.RunError(refusal);
}

function holdsSeveral({ object }: RouteObjects['destinationRules'][number]): boolean {
  return (object.spec.subsets?.length ?? 0) > 1;
}
