import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { isExistingNamespace, namespaceObject } from '../mesh/manifests/namespace';
import type { NamespaceSettings } from '../mesh/manifests/settings';
import { childOptions, type DependencyFilter, formerly } from './resources';

export interface NamespaceArgs extends NamespaceSettings {
  /** Name of the namespace. Defaults to the component's name. */
  name?: string;
}

/**
 * A namespace and how it joins the mesh: injection, revision, ambient mode. An existing namespace only gets the labels and annotations that are stated; destroy removes them and keeps the namespace.
 * Workloads must depend on it, because the injector reads the labels when a pod is created.
 */
export class Namespace extends pulumi.ComponentResource implements DependencyFilter {
  /** Name of the namespace. */
  readonly name: string;
  /** The Namespace, if this component creates it. Objects inside may name it in `deletedWith`. */
  readonly namespace?: kubernetes.core.v1.Namespace;

  /** @param opts - resource options; rename the component with `aliases` */
  constructor(name: string, args: NamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super('meshwright:index:Namespace', name, {}, formerly('MeshNamespace', opts));
    this.name = args.name ?? name;
    const { metadata } = namespaceObject(this.name, args);
    const child = childOptions(this, opts);
    if (isExistingNamespace(this.name, args)) {
      // A stack that only names a namespace writes nothing into it.
      const isPatched = metadata.labels !== undefined || metadata.annotations !== undefined;
      if (isPatched) new kubernetes.core.v1.NamespacePatch(`${name}-labels`, { metadata }, child);
    } else {
      this.namespace = new kubernetes.core.v1.Namespace(`${name}-namespace`, { metadata }, child);
    }
    this.registerOutputs({ name: this.name, namespace: this.namespace });
  }

  /** @internal Only objects in the namespace wait for it. */
  neededBy({ metadata }: KubernetesObject): boolean {
    return metadata.namespace === this.name;
  }
}
