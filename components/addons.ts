import * as pulumi from '@pulumi/pulumi';
import { addonObjects, addonReleases, certManagerNamespace, clusterIssuer } from '../mesh/manifests/addons/addons';
import type { AddonsSettings, CertManagerSettings } from '../mesh/manifests/addons/settings';
import type { GatewaySettings, IstioSettings } from '../mesh/manifests/settings';
import type { Verbatim } from '../mesh/manifests/verbatim';
import {
  childOptions,
  type HelmOptions,
  helmRelease,
  kubernetesObject,
  objectsInPhases,
  type SecretOptions,
} from './resources';
import { Namespace } from './namespace';

export interface AddonsArgs extends HelmOptions, SecretOptions {
  /** The addons to install, each with its settings: `kiali`, `grafana`, `jaeger`, `prometheus`, `zipkin`, and `tracing`. cert-manager is a separate component. */
  addons: Verbatim<AddonsSettings>;
  /** Settings of the control plane. */
  istio?: IstioSettings;
  /** Gateways that expose addons, by name. */
  gateways?: Record<string, GatewaySettings>;
}

/** Telemetry addons: their Helm releases with the Services, routes and Telemetry objects that belong to them. It must depend on the addons' namespace and the control plane. */
export class Addons extends pulumi.ComponentResource {
  /** @param opts - resource options; rename the component with `aliases` */
  constructor(name: string, args: AddonsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('meshwright:index:Addons', name, {}, opts);
    const objects = addonObjects(args.addons, args.istio, args.gateways).map(({ object }) => object);
    const secrets = objectsInPhases(name, objects.filter(isSecret), () => childOptions(this, opts));
    const releases = addonReleases(args.addons, args.istio).map((release) =>
      helmRelease(`${name}-${release.name}`, release, args, childOptions(this, opts, secrets)),
    );
    const others = objects.filter((object) => !isSecret(object));
    objectsInPhases(name, others, (before) => childOptions(this, opts, [...releases, ...before]), args.secret);
    this.registerOutputs({});
  }
}

/** A chart's values may name a Secret, which must then exist before the release. */
function isSecret({ kind }: { kind: string }): boolean {
  return kind === 'Secret';
}

/**
 * Pulumi's own component for cert-manager. It is registered by its type token, because its npm package would make
 * Pulumi install its plugin for every program that depends on this one.
 */
class PulumiCertManager extends pulumi.ComponentResource {
  constructor(name: string, args: pulumi.Inputs, opts: pulumi.ComponentResourceOptions) {
    super('kubernetes-cert-manager:index:CertManager', name, args, { ...opts, version: certManagerPlugin }, true);
  }
}

const certManagerPlugin = '0.2.0';

export interface CertManagerArgs {
  /** Namespace of cert-manager. Defaults to `cert-manager`. */
  namespace?: string;
  /** Chart version. Defaults to that of the Pulumi package. */
  version?: string;
  /** The ClusterIssuer to create, with cert-manager's issuer spec verbatim. Defaults to `selfsigned` with a self-signed issuer. */
  issuer?: Verbatim<NonNullable<CertManagerSettings['issuer']>>;
  /** Create cert-manager's namespace too. Defaults to true. */
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
      before.push(new Namespace(`${name}-${namespace}`, { name: namespace }, childOptions(this, opts)));
    }
    const { version } = args;
    const helmOptions = { name: 'cert-manager', namespace, ...(version === undefined ? {} : { version }) };
    const manager = new PulumiCertManager(
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
