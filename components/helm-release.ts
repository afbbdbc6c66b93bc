import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Release } from '../mesh/manifests/release';
import type { SecretOptions } from './resources';

/** How Helm installs the releases of a component. */
export interface HelmOptions {
  /** Longest wait for a release to be Ready, in seconds. Defaults to 600. */
  timeoutSeconds?: number;
  /**
   * Uninstall after a failed install, and roll a failed upgrade back. Defaults to true. After a run that was killed, Helm still says "another operation is in progress": run `helm rollback`, or delete
   * the newest `sh.helm.release.v1.…` Secret, then run again.
   */
  atomic?: boolean;
}

/** Registers one Helm release under its fixed name. */
export function helmRelease(
  name: string,
  release: Release,
  { timeoutSeconds = 600, atomic = true, secret = false }: HelmOptions & SecretOptions,
  opts: pulumi.CustomResourceOptions,
): kubernetes.helm.v3.Release {
  const { chart, namespace, repository, version, values } = release;
  return new kubernetes.helm.v3.Release(
    name,
    {
      name: release.name,
      namespace,
      chart,
      ...(version === undefined ? {} : { version }),
      ...(repository === undefined ? {} : { repositoryOpts: { repo: repository } }),
      values: secret ? pulumi.secret(values) : values,
      // Without it Helm keeps the old values when all of them are removed.
      resetValues: true,
      skipAwait: false,
      atomic,
      timeout: timeoutSeconds,
    },
    opts,
  );
}
