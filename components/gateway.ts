import * as pulumi from '@pulumi/pulumi';
import {
  childOptions,
  formerly,
  type HelmOptions,
  helmRelease,
  kubernetesObject,
  objectId,
  type SecretOptions,
} from './resources';
import { clusterIssuerName } from '../mesh/manifests/addons/addons';
import {
  gatewayCertificate,
  gatewayIngress,
  gatewayNamespace,
  gatewayRelease,
  istioGateways,
} from '../mesh/manifests/gateway-workload';
import type { GatewaySettings, IstioSettings } from '../mesh/manifests/settings';
import { Namespace } from './namespace';

export interface GatewayArgs extends GatewaySettings, HelmOptions, SecretOptions {
  /** Name of the gateway: of its Helm release, Deployment and Service. Defaults to the component's name. */
  name?: string;
  /** Settings of the control plane, of which the gateway takes version, revision and chart source. Default to Istio's defaults. */
  istio?: IstioSettings;
  /** Create the gateway's namespace too. Defaults to true; only one gateway of a namespace may create it. */
  createNamespace?: boolean;
  /** ClusterIssuer of the certificate, unless `certificate` names an issuer. Defaults to `selfsigned`. */
  clusterIssuer?: string;
}

/**
 * A gateway workload, the Istio Gateways that select it, its certificate and a Kubernetes Ingress in front of it. It must depend on the control plane: the injector sets the image of its pods.
 */
export class Gateway extends pulumi.ComponentResource {
  /** Name of the gateway: of its Helm release, Deployment and Service. */
  readonly gateway: string;
  /** Namespace of the gateway workload. */
  readonly namespace: string;
  /** Address of the gateway, or the command that prints it. */
  readonly address: string;

  /** @param opts - resource options; rename the component with `aliases` */
  constructor(name: string, args: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super('meshwright:index:Gateway', name, {}, formerly('IngressGateway', opts));
    const gateway = args.name ?? name;
    const gateways = istioGateways(gateway, args).map(({ object }) => object);
    const certificate = gatewayCertificate(gateway, args, args.clusterIssuer ?? clusterIssuerName(undefined))?.object;
    const ingress = gatewayIngress(gateway, args)?.object;
    this.gateway = gateway;
    this.namespace = gatewayNamespace(args);
    const before: pulumi.Resource[] = [];
    if (args.createNamespace !== false && args.install !== false) {
      before.push(new Namespace(`${name}-${this.namespace}`, { name: this.namespace }, childOptions(this, opts)));
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

/** Address of a gateway for clients outside the cluster, if its settings determine it; else the command that prints it. */
function gatewayAddress(gateway: string, settings: GatewaySettings): string {
  const { type = 'LoadBalancer', nodePorts = {} } = settings.service ?? {};
  const service = `--namespace ${gatewayNamespace(settings)}`;
  const nodePort = nodePorts['http2'] ?? nodePorts['http'];
  switch (type) {
    case 'NodePort':
      return nodePort === undefined
        ? `kubectl get service ${gateway} ${service}`
        : `http://<address of any node>:${nodePort}`;
    case 'LoadBalancer':
      return `kubectl get service ${gateway} ${service} --output jsonpath='{.status.loadBalancer.ingress[0]}'`;
    case 'ClusterIP':
      return `kubectl port-forward service/${gateway} ${service} 8080:80`;
  }
}
