import { withTracingProvider } from '../mesh/manifests/addons/tracing';
import { controlPlaneNamespace } from '../mesh/manifests/control-plane';
import { defaultGatewayPorts, gatewayNamespace } from '../mesh/manifests/gateway-workload';
import { gatewayPodLabels } from '../mesh/manifests/istio-gateway';
import { defined } from '../mesh/manifests/kubernetes';
import { mergeValues } from '../mesh/manifests/release';
import type { GatewaySettings, IstioSettings, StackSettings } from '../mesh/manifests/settings';
import type { CheckOptions, GatewayWorkload } from '../policy/options';
import type { PolicySettings } from './schema/policy';

/** What the checks need to know of a stack beside its objects: what its Helm releases bring, and what its `policy` section says. */
export function checkOptions(settings: StackSettings, policy: PolicySettings): CheckOptions {
  return defined({
    ...policy,
    mesh: { ...mesh(settings), ...policy.mesh },
    istioVersion: policy.istioVersion ?? settings.istio?.version,
    gatewayWorkloads: joined(
      settings.gateways === undefined ? undefined : gatewayWorkloads(settings.gateways),
      policy.gatewayWorkloads,
    ),
    revisions: joined(
      settings.istio === undefined ? undefined : [settings.istio.revision ?? 'default'],
      policy.revisions,
    ),
  });
}

function mesh({ istio, addons = {} }: StackSettings): CheckOptions['mesh'] & object {
  if (istio === undefined) return {};
  return { rootNamespace: controlPlaneNamespace(istio), meshConfig: meshConfig(withTracingProvider(istio, addons)) };
}

/** As istiod gets it: chart values given verbatim win, as in the release. */
function meshConfig({ meshConfig = {}, values }: IstioSettings): Record<string, unknown> {
  const verbatim = values?.istiod?.['meshConfig'];
  return typeof verbatim === 'object' && verbatim !== null
    ? mergeValues(meshConfig, verbatim as Record<string, unknown>)
    : meshConfig;
}

function gatewayWorkloads(gateways: Record<string, GatewaySettings>): GatewayWorkload[] {
  return Object.entries(gateways).map(([name, gateway]) => {
    // The ports of a workload that somebody else installed, or of chart values given verbatim, are not known.
    const known =
      gateway.service?.ports ??
      (gateway.install === false || gateway.values?.['service'] !== undefined ? undefined : defaultGatewayPorts);
    const ports = known?.map(({ port, targetPort }) => defined({ port, targetPort }));
    return defined({ namespace: gatewayNamespace(gateway), labels: gatewayPodLabels(name, gateway), ports });
  });
}

function joined<T>(own: T[] | undefined, more: T[] | undefined): T[] | undefined {
  return own === undefined ? more : [...own, ...(more ?? [])];
}
