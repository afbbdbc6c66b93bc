import * as pulumi from '@pulumi/pulumi';
import type { KubernetesObject } from './manifests/kubernetes';

/** A resource's object as a hook gets it. The inputs of a section with secrets come as outputs. */
export function objectOfInputs(inputs: Record<string, unknown> | undefined): Promise<KubernetesObject | undefined> {
  if (inputs === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    pulumi.output(inputs).apply((object) => resolve(object as unknown as KubernetesObject));
  });
}
