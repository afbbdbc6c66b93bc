import { pushTo } from '../../mesh/collections';
import type { PulumiResource } from '../resource-rule';

/**
 * The order in which Pulumi creates resources. It follows from a resource's dependencies, from those of its parents,
 * and from the children of components that it depends on.
 */
export class DependencyGraph {
  readonly #byUrn: ReadonlyMap<string, PulumiResource>;
  readonly #children = new Map<string, string[]>();

  constructor(resources: readonly PulumiResource[]) {
    this.#byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
    for (const { urn, parent } of resources) if (parent !== undefined) pushTo(this.#children, parent, urn);
  }

  /**
   * The `targets` that Pulumi need not create before `urn`. The objects of one resource, a route set, are written in
   * the right order.
   */
  unreached(urn: string, targets: readonly string[]): string[] {
    const missing = new Set(targets.filter((target) => target !== urn));
    const seen = new Set<string>();
    const waiting = this.#before(urn);
    for (let next = waiting.pop(); next !== undefined && missing.size > 0; next = waiting.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      missing.delete(next);
      waiting.push(...this.#before(next), ...(this.#isComponent(next) ? (this.#children.get(next) ?? []) : []));
    }
    return [...missing];
  }

  /** Dependencies of a resource and of its parents, which it inherits. */
  #before(urn: string): string[] {
    const found: string[] = [];
    const ancestors = new Set<string>();
    for (let at: string | undefined = urn; at !== undefined && !ancestors.has(at); at = this.#byUrn.get(at)?.parent) {
      ancestors.add(at);
      found.push(...(this.#byUrn.get(at)?.dependencies ?? []));
    }
    return found;
  }

  /** Children of the stack or of Kubernetes resources are not part of them. */
  #isComponent(urn: string): boolean {
    const type = this.#byUrn.get(urn)?.type;
    return type !== undefined && type !== 'pulumi:pulumi:Stack' && !type.startsWith('kubernetes:');
  }
}
