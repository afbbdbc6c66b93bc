import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { childOptions, type Selective } from './child-options';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { isExistingNamespace, namespaceObject } from '../mesh/manifests/namespace';
import type { NamespaceSettings } from '../mesh/manifests/settings';

export interface MeshNamespaceArgs extends NamespaceSettings {
  /** Name of the namespace. Defaults to the component's name. */
  name?: string;
}

/**
 * A namespace and its place in the mesh: injection, revision, ambient mode. One that is there already gets labels and annotations only, which are taken away again on destroy, while the namespace
 * stays. Workloads must depend on it, because the injector looks at the labels when a pod is created.
 */
export class MeshNamespace extends pulumi.ComponentResource implements Selective {
  /** Name of the namespace. */
  readonly name: string;
  /** The namespace, when this component made it: what `deletedWith` of things inside it may name. */
  readonly namespace?: kubernetes.core.v1.Namespace;

  /** @param opts - resource options; rename the component with `aliases` */
  constructor(name: string, args: MeshNamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super('meshwright:index:MeshNamespace', name, {}, opts);
    this.name = args.name ?? name;
    const { metadata } = namespaceObject(this.name, args);
    const child = childOptions(this, opts);
    if (isExistingNamespace(this.name, args)) {
      new kubernetes.core.v1.NamespacePatch(`${name}-labels`, { metadata }, child);
    } else {
      this.namespace = new kubernetes.core.v1.Namespace(`${name}-namespace`, { metadata }, child);
    }
    this.registerOutputs({ name: this.name, namespace: this.namespace });
  }

  /** @internal Only what is in the namespace waits for it. */
  neededBy({ metadata }: KubernetesObject): boolean {
    return metadata.namespace === this.name;
  }
}
