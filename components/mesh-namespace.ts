import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { childOptions } from './child-options';
import { isExistingNamespace, namespaceObject } from './manifests/namespace';
import type { NamespaceSettings } from './manifests/settings';

export interface MeshNamespaceArgs extends NamespaceSettings {
  /** Name of the namespace. Defaults to the component's name. */
  name?: string;
}

/**
 * A namespace and its place in the mesh: injection, revision, ambient mode. One that is there already gets labels and annotations only, which are taken away again on destroy, while the namespace
 * stays. Workloads must depend on it, because the injector looks at the labels when a pod is created.
 */
export class MeshNamespace extends pulumi.ComponentResource {
  /** Name of the namespace. */
  readonly name: pulumi.Output<string>;
  /** The namespace, when this component made it: what `deletedWith` of things inside it may name. */
  readonly namespace?: kubernetes.core.v1.Namespace;

  /** @param opts - resource options; rename the component with `aliases` */
  constructor(name: string, args: MeshNamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super('meshwright:index:MeshNamespace', name, {}, opts);
    const namespaceName = args.name ?? name;
    const { metadata } = namespaceObject(namespaceName, args);
    const child = childOptions(this, opts);
    if (isExistingNamespace(namespaceName, args)) {
      const patch = new kubernetes.core.v1.NamespacePatch(`${name}-labels`, { metadata }, child);
      this.name = patch.metadata.apply(() => namespaceName);
    } else {
      this.namespace = new kubernetes.core.v1.Namespace(`${name}-namespace`, { metadata }, child);
      this.name = this.namespace.metadata.name;
    }
    this.registerOutputs({ name: this.name, namespace: this.namespace });
  }
}
