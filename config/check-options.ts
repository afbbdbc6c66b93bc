import { installedAddons } from '../mesh/manifests/addons/addons';
import { webBackend } from '../mesh/manifests/addons/exposure';
import { withTracingProvider } from '../mesh/manifests/addons/tracing';
import { controlPlaneNamespace } from '../mesh/manifests/control-plane';
import { defaultGatewayPorts, gatewayNamespace, gatewayPodLabels } from '../mesh/manifests/gateway-workload';
import { defined } from '../mesh/manifests/kubernetes';
import { mergeValues } from '../mesh/manifests/release';
import type { GatewaySettings, IstioSettings, StackSettings } from '../mesh/manifests/settings';
import type { CheckOptions, GatewayWorkload } from '../policy/rule';
import type { PolicySettings } from './schema/policy';

/** The options that a stack is checked with: what its Helm releases install, and its `policy` section. */
export function checkOptions(settings: StackSettings, policy: PolicySettings): CheckOptions {
  const hosts = releasedHosts(settings, policy.mesh?.domain);
  return defined({
    ...policy,
    externals:
      hosts.length === 0
        ? policy.externals
        : { ...policy.externals, hosts: [...hosts, ...(policy.externals?.hosts ?? [])] },
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

/** The Services of the stack's Helm releases: those of gateways, and the web pages of addons. */
function releasedHosts(settings: StackSettings, domain = 'cluster.local'): string[] {
  const { addons = {}, gateways = {}, istio } = settings;
  const ofGateways = Object.entries(gateways).map(([name, gateway]) => `${name}.${gatewayNamespace(gateway)}`);
  const context = { addons, istio: istio ?? {}, namespace: addons.namespace ?? controlPlaneNamespace(istio) };
  const ofAddons = installedAddons(addons).map((name) => `${webBackend(name, context).service}.${context.namespace}`);
  return [...ofGateways, ...ofAddons].map((host) => `${host}.svc.${domain}`);
}

function mesh({ istio, addons = {} }: StackSettings): CheckOptions['mesh'] & object {
  if (istio === undefined) return {};
  return { rootNamespace: controlPlaneNamespace(istio), meshConfig: meshConfig(withTracingProvider(istio, addons)) };
}

/** MeshConfig as istiod gets it: verbatim chart values win, as in the release. */
function meshConfig({ meshConfig = {}, values }: IstioSettings): Record<string, unknown> {
  const verbatim = values?.istiod?.['meshConfig'];
  return typeof verbatim === 'object' && verbatim !== null
    ? mergeValues(meshConfig, verbatim as Record<string, unknown>)
    : meshConfig;
}

function gatewayWorkloads(gateways: Record<string, GatewaySettings>): GatewayWorkload[] {
  return Object.entries(gateways).map(([name, gateway]) => {
    // The ports of a workload outside the stack, or of one with verbatim chart values, are unknown.
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

/**
 * Options of several stacks that are judged together: what exists for one exists for all, and the stricter setting is
 * used.
 */
export function mergeCheckOptions(all: readonly CheckOptions[]): CheckOptions {
  const [first, ...others] = all;
  return others.reduce<CheckOptions>(merged, first ?? {});
}

function merged(a: CheckOptions, b: CheckOptions): CheckOptions {
  const names = [...new Set([...Object.keys(a.externals ?? {}), ...Object.keys(b.externals ?? {})])];
  const externals = names.map((name) => {
    const key = name as keyof NonNullable<CheckOptions['externals']>;
    return [name, [...(a.externals?.[key] ?? []), ...(b.externals?.[key] ?? [])]];
  });
  const both = { ...a, ...b };
  return defined({
    ...both,
    rules: a.rules === undefined || b.rules === undefined ? both.rules : stricterRules(a.rules, b.rules),
    externals: names.length === 0 ? undefined : (Object.fromEntries(externals) as CheckOptions['externals']),
    mesh: a.mesh === undefined || b.mesh === undefined ? both.mesh : { ...a.mesh, ...b.mesh },
    maxStep: smaller(a.maxStep, b.maxStep),
    initialStep: smaller(a.initialStep, b.initialStep),
    gatewayWorkloads: joined(a.gatewayWorkloads, b.gatewayWorkloads),
    revisions: joined(a.revisions, b.revisions),
    rolloutController: joined(a.rolloutController, b.rolloutController),
  });
}

type Levels = NonNullable<CheckOptions['rules']>;

function stricterRules(a: Levels, b: Levels): Levels {
  const order = ['off', 'advisory', 'mandatory'] as const;
  const stricter = Object.entries(b).map(([rule, level]) => {
    const other = a[rule];
    return [rule, other !== undefined && order.indexOf(other) > order.indexOf(level) ? other : level] as const;
  });
  return { ...a, ...Object.fromEntries(stricter) };
}

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
