import * as pulumi from '@pulumi/pulumi';

/**
 * Options of a component's child: the component is its parent, and it waits for whatever the component waits for. Pulumi hands `deletedWith`, `protect`, `retainOnDelete` and the provider
 * down to children by itself, `dependsOn` it does not.
 * @param after - siblings that must be there first
 */
export function childOptions(
  parent: pulumi.ComponentResource,
  opts: pulumi.ComponentResourceOptions = {},
  after: pulumi.Resource[] = [],
): pulumi.CustomResourceOptions {
  const inherited = opts.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn };
  return pulumi.mergeOptions({ parent, dependsOn: after }, inherited);
}
