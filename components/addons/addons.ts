import * as pulumi from '@pulumi/pulumi';
import { childOptions } from '../child-options';
import { helmRelease, type HelmOptions } from '../helm-release';
import { addonObjects, addonReleases } from '../../mesh/manifests/addons/addons';
import type { AddonsSettings } from '../../mesh/manifests/addons/settings';
import type { GatewaySettings, IstioSettings } from '../../mesh/manifests/settings';
import type { Verbatim } from '../../mesh/manifests/verbatim';
import { objectsInPhases } from '../object-phases';
import { refuseFindings, type CheckOptions } from '../refuse-findings';
import type { SecretOptions } from '../secret-options';

export interface AddonsArgs extends HelmOptions, SecretOptions {
  /** The addons that are on, each with its settings: `kiali`, `grafana`, `jaeger`, `prometheus`, `zipkin`, and `tracing`. cert-manager is a component of its own. */
  addons: Verbatim<AddonsSettings>;
  /** Settings of the control plane. */
  istio?: IstioSettings;
  /** Gateways through which addons are reached, by name. */
  gateways?: Record<string, GatewaySettings>;
  /** Options of the check of the addons' objects; false when they were checked already, together with all others. */
  policy?: Verbatim<CheckOptions | false>;
}

/** Telemetry addons: their Helm releases, and the Services, switches and ways in that go with them. It must depend on the addons' namespace and the control plane. */
export class Addons extends pulumi.ComponentResource {
  /**
   * @param opts - resource options; rename the component with `aliases`
   * @throws pulumi.ResourceError listing every mandatory finding on the addons' objects, before anything is registered.
   */
  constructor(name: string, args: AddonsArgs, opts?: pulumi.ComponentResourceOptions) {
    const objects = addonObjects(args.addons, args.istio, args.gateways).map(({ object }) => object);
    refuseFindings(`component ${name}`, objects, args.policy);
    super('meshwright:index:Addons', name, {}, opts);
    const secrets = objectsInPhases(name, objects.filter(isSecret), () => childOptions(this, opts));
    const releases = addonReleases(args.addons, args.istio).map((release) =>
      helmRelease(`${name}-${release.name}`, release, args, childOptions(this, opts, secrets)),
    );
    const others = objects.filter((object) => !isSecret(object));
    objectsInPhases(name, others, (before) => childOptions(this, opts, [...releases, ...before]), args.secret);
    this.registerOutputs({});
  }
}

/** Charts that are given the name of a Secret need it to be there. */
function isSecret({ kind }: { kind: string }): boolean {
  return kind === 'Secret';
}
