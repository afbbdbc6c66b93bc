import { installedAddons } from '../mesh/manifests/addons/addons';
import { webBackend } from '../mesh/manifests/addons/exposure';
import { withTracingProvider } from '../mesh/manifests/addons/tracing';
import { controlPlaneNamespace } from '../mesh/manifests/control-plane';
import { defaultGatewayPorts, gatewayNamespace, gatewayPodLabels } from '../mesh/manifests/gateway-workload';
import { defined, originOf, type Rendered } from '../mesh/manifests/kubernetes';
import { type Mesh, renderMesh } from '../mesh/manifests/mesh';
import { mergeValues } from '../mesh/manifests/release';
import type { GatewaySettings, IstioSettings, StackSettings } from '../mesh/manifests/settings';
import { judgeExpectations } from '../mesh/traffic/expectations';
import { stackTraffic } from '../mesh/traffic/stack-objects';
import { checkReport, type CheckScope } from '../policy/check';
import { type Finding, findingSubject, subjectOf } from '../policy/finding';
import type { CheckOptions, GatewayWorkload } from '../policy/rule';
import { rules } from '../policy/rules';
import { encryptedUnknowns } from './encrypted';
import { covers, type Key, parseKeyPath, valueAt } from './key-path';
import type { Refused, Settings } from './parse';
import { type Problem, type Source, voiced } from './problem';
import { stackAdvice } from './rules';
import type { PolicySettings } from './schema/policy';

export interface MeshCheck {
  /** Mandatory findings, by the key in the stack file that makes the object. */
  problems: Problem[];
  /** Advisory findings, and advice on the stack file itself. */
  warnings: Problem[];
  mesh: Mesh;
}

/** Renders the mesh and judges its objects together, as they will live in one cluster. Pure. */
export function checkMesh(settings: StackSettings, policy: PolicySettings = {}, source: Source = {}): MeshCheck {
  const mesh = renderMesh(settings);
  const findings = [...judged({ settings, policy }, mesh, source), ...expectations(settings, policy, source)];
  const advice = stackAdvice.flatMap((rule) => rule({ ...settings, policy }));
  return {
    problems: ofLevel('mandatory', findings),
    warnings: [...advice.map((problem) => voiced(problem, settings, source)), ...ofLevel('advisory', findings)],
    mesh,
  };
}

/**
 * All problems of a refused stack: those of its settings, and findings on the objects that these settings do not affect. Only rules that judge an object alone run, since the
 * others would miss the refused parts.
 */
export function allProblems({ problems, sound }: Refused, source: Source = {}): Problem[] {
  const places = problems.map(({ path }) => parseKeyPath(path));
  const mesh = renderMesh(sound.settings);
  const untouched = ({ origin }: Rendered): boolean =>
    !places.some((place) => covers(place, [...parseKeyPath(origin), '**']));
  const rest = { ...mesh, existingNamespaces: [], objects: mesh.objects.filter(untouched) };
  const findings = judged(sound, rest, source, { rules: rules.filter(({ single }) => single) });
  return [...problems, ...ofLevel('mandatory', findings)];
}

interface Judged {
  level: Finding['level'];
  problem: Problem;
}

function judged({ settings, policy }: Settings, mesh: Mesh, source: Source, scope?: CheckScope): Judged[] {
  const made = [...mesh.existingNamespaces, ...mesh.objects];
  const sections = { ...settings, policy };
  const objects = made.map(({ object }) => object);
  const { findings } = checkReport(objects, checkOptions(settings, policy), {
    ...scope,
    unknowns: encryptedUnknowns(objects),
  });
  // Of two objects with one name, the first wins.
  const makers = new Map(made.toReversed().map((rendered) => [subjectOf(rendered.object), rendered]));
  return findings.map((finding) => {
    const keys = keysOf(finding, makers, sections);
    const secret = source.secretSections?.has(String(keys[0])) === true;
    const message = `${secret ? hidden : finding.message} (${finding.rule})`;
    return {
      level: finding.level,
      problem: voiced({ keys, message }, scalarAt(sections, keys) ? sections : {}, source),
    };
  });
}

/** Judges the tests of routing in the stack file. One that depends on something outside the stack is only advisory. */
function expectations(settings: StackSettings, policy: PolicySettings, source: Source): Judged[] {
  const verdicts = judgeExpectations(stackTraffic(settings, policy), settings.expect ?? []);
  return verdicts.flatMap(({ result, message }, index) => {
    if (result === 'holds') return [];
    const problem = voiced({ keys: ['expect', index], message: `${message} (expect)` }, {}, source);
    return [{ level: result === 'cannotTell' ? 'advisory' : 'mandatory', problem }];
  });
}

/** Whether the value fits in one line. A finding quotes the relevant part of a larger value. */
function scalarAt(sections: unknown, keys: Key[]): boolean {
  return typeof valueAt(sections, keys) !== 'object';
}

/** Replaces the message of a finding that may quote a secret. */
const hidden =
  'the message is hidden, because this section holds secrets; `meshwright check` cannot decrypt them and shows the message';

/**
 * Keys in the stack file that a finding is about: those that create the object, continued by the path in the object as
 * far as the file has it.
 */
function keysOf(finding: Finding, makers: ReadonlyMap<string, Rendered>, sections: unknown): Key[] {
  const { kind, path } = finding;
  if (kind === 'CheckOptions') return ['policy', ...parseKeyPath(path)];
  const rendered = makers.get(findingSubject(finding));
  if (rendered === undefined) return [];
  const origin = parseKeyPath(originOf(rendered, path));
  const below = parseKeyPath(path);
  const tails = below.map((_, start) => [...origin, ...below.slice(start)]);
  return tails.find((keys) => valueAt(sections, keys) !== undefined) ?? origin;
}

function ofLevel(wanted: Finding['level'], findings: Judged[]): Problem[] {
  return findings.filter(({ level }) => level === wanted).map(({ problem }) => problem);
}

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
