import * as pulumi from '@pulumi/pulumi';
import { childOptions } from './child-options';
import { gatewayAddress } from './gateway-address';
import { helmRelease, type HelmOptions } from './helm-release';
import { kubernetesObject, objectId } from './kubernetes-object';
import { clusterIssuerName } from '../mesh/manifests/addons/cert-manager';
import {
  gatewayCertificate,
  gatewayIngress,
  gatewayNamespace,
  gatewayRelease,
} from '../mesh/manifests/gateway-workload';
import { istioGateways } from '../mesh/manifests/istio-gateway';
import type { GatewaySettings, IstioSettings } from '../mesh/manifests/settings';
import type { Verbatim } from '../mesh/manifests/verbatim';
import { MeshNamespace } from './mesh-namespace';
import { refuseFindings, type CheckOptions } from './refuse-findings';
import type { SecretOptions } from './secret-options';

export interface IngressGatewayArgs extends GatewaySettings, HelmOptions, SecretOptions {
  /** Name of the gateway: of its Helm release, Deployment and Service. Defaults to the component's name. */
  name?: string;
  /** Settings of the control plane, of which the gateway takes version, revision and chart source. Default to Istio's defaults. */
  istio?: IstioSettings;
  /** Make the gateway's namespace too. Defaults to true; one gateway of a namespace can make it. */
  createNamespace?: boolean;
  /** ClusterIssuer of the certificate, unless `certificate` names an issuer. Defaults to `selfsigned`. */
  clusterIssuer?: string;
  /** Options of the check of the gateway's objects; false when they were checked already, together with all others. */
  policy?: Verbatim<CheckOptions | false>;
}

/**
 * A gateway workload, the Istio Gateways that select it, its certificate and a Kubernetes Ingress in front. It must depend on the control plane: its pods have no image of their own, the injector
 * gives them one.
 */
export class IngressGateway extends pulumi.ComponentResource {
  /** Name of the gateway: of its Helm release, Deployment and Service. */
  readonly gateway: string;
  /** Namespace of the gateway workload. */
  readonly namespace: string;
  /** Where to reach the gateway, or the command that says so. */
  readonly address: string;

  /**
   * @param opts - resource options; rename the component with `aliases`
   * @throws pulumi.ResourceError listing every mandatory finding on the gateway's objects, before anything is registered.
   */
  constructor(name: string, args: IngressGatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    const gateway = args.name ?? name;
    const gateways = istioGateways(gateway, args).map(({ object }) => object);
    const certificate = gatewayCertificate(gateway, args, args.clusterIssuer ?? clusterIssuerName(undefined))?.object;
    const ingress = gatewayIngress(gateway, args)?.object;
    refuseFindings(`gateway ${gateway}`, [...gateways, ...present(certificate), ...present(ingress)], args.policy);
    super('meshwright:index:IngressGateway', name, {}, opts);
    this.gateway = gateway;
    this.namespace = gatewayNamespace(args);
    const before: pulumi.Resource[] = [];
    if (args.createNamespace !== false && args.install !== false) {
      before.push(new MeshNamespace(`${name}-${this.namespace}`, { name: this.namespace }, childOptions(this, opts)));
    }
    for (const object of [...present(certificate), ...gateways]) {
      kubernetesObject(`${name}-${objectId(object)}`, object, childOptions(this, opts, before, object), args.secret);
    }
    const release = gatewayRelease(gateway, args, args.istio);
    const workload = present(release).map((chart) =>
      helmRelease(`${name}-${chart.name}`, chart, args, childOptions(this, opts, before)),
    );
    for (const object of present(ingress)) {
      kubernetesObject(
        `${name}-${objectId(object)}`,
        object,
        childOptions(this, opts, [...before, ...workload], object),
        args.secret,
      );
    }
    this.address = gatewayAddress(gateway, args);
    this.registerOutputs({ gateway, namespace: this.namespace, address: this.address });
  }
}

function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}
