import * as certManager from '@pulumi/kubernetes-cert-manager';
import * as pulumi from '@pulumi/pulumi';
import { childOptions } from './child-options';
import { kubernetesObject } from './kubernetes-object';
import { certManagerNamespace, clusterIssuer } from '../mesh/manifests/addons/cert-manager';
import type { CertManagerSettings } from '../mesh/manifests/addons/settings';
import type { Verbatim } from '../mesh/manifests/verbatim';
import { MeshNamespace } from './mesh-namespace';

export interface CertManagerArgs {
  /** Namespace of cert-manager. Defaults to `cert-manager`. */
  namespace?: string;
  /** Chart version. Defaults to the one the Pulumi package picks. */
  version?: string;
  /** The ClusterIssuer to make, with cert-manager's issuer spec verbatim. Defaults to `selfsigned` with a self-signed issuer. */
  issuer?: Verbatim<NonNullable<CertManagerSettings['issuer']>>;
  /** Make cert-manager's namespace too. Defaults to true. */
  createNamespace?: boolean;
}

/** cert-manager with its CRDs, and a ClusterIssuer for the gateways' certificates. */
export class CertManager extends pulumi.ComponentResource {
  /** Name of the ClusterIssuer. */
  readonly clusterIssuer: string;

  /** @param opts - resource options; rename the component with `aliases` */
  constructor(name: string, args: CertManagerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('meshwright:index:CertManager', name, {}, opts);
    const namespace = certManagerNamespace(args);
    const before: pulumi.Resource[] = [];
    if (args.createNamespace !== false) {
      before.push(new MeshNamespace(`${name}-${namespace}`, { name: namespace }, childOptions(this, opts)));
    }
    const { version } = args;
    const helmOptions = { name: 'cert-manager', namespace, ...(version === undefined ? {} : { version }) };
    const manager = new certManager.CertManager(
      `${name}-cert-manager`,
      { installCRDs: true, helmOptions },
      childOptions(this, opts, before),
    );
    const { object } = clusterIssuer(args);
    kubernetesObject(`${name}-${object.metadata.name}`, object, childOptions(this, opts, [manager]));
    this.clusterIssuer = object.metadata.name;
    this.registerOutputs({ clusterIssuer: this.clusterIssuer });
  }
}
