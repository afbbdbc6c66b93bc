import type { PolicyConfigSchema } from '@pulumi/policy';
import { asMap, asString, indexedMaps, type JsonMap } from '../../mesh/json';
import { defaultGatewayPorts, gatewayLabel, gatewayServiceAccount } from '../../mesh/manifests/gateway-workload';
import { levels } from '../finding';
import type { CheckOptions, GatewayWorkload } from '../rule';
import { knownPart, type StackResource } from './resource';

const names = { type: 'array', items: { type: 'string' } } as const;
const percent = { type: 'integer', minimum: 0, maximum: 100 } as const;
const anything = { type: 'object' } as const;

/** The configuration of the pack: the options of the check under the same names, except the time. */
export const configSchema: PolicyConfigSchema = {
  properties: {
    rules: { type: 'object', additionalProperties: { type: 'string', enum: [...levels, 'off'] } },
    externals: {
      type: 'object',
      properties: {
        namespaces: names,
        gateways: names,
        hosts: names,
        workloads: names,
        secrets: names,
        serviceAccounts: names,
      },
      additionalProperties: false,
    },
    mesh: {
      type: 'object',
      properties: { rootNamespace: { type: 'string' }, domain: { type: 'string' }, meshConfig: anything },
    },
    complete: { type: 'boolean' },
    environment: { type: 'string' },
    istioVersion: { type: 'string' },
    maxStep: percent,
    initialStep: percent,
    rolloutController: names,
    revisions: names,
    gatewayWorkloads: { type: 'array', items: anything },
  },
};

/** Options of `istio-objects` in this run. The stack policies inherit them, so that users write them once. */
let shared: CheckOptions = {};

/**
 * The options of a policy, from the weakest to the strongest: the stack's tag `environment`, the section `meshwright:policy` of a Meshwright stack, the configuration of
 * `istio-objects`, its own configuration. Lists and levels of rules are merged, so that the pack's own entries stay in force.
 */
export function packOptions(own: CheckOptions, stackTags: ReadonlyMap<string, string>): CheckOptions {
  const environment = stackTags.get('environment');
  const weakest = environment === undefined ? {} : { environment };
  return [section, shared, own].reduce<CheckOptions>(merged, weakest);
}

function merged(weaker: CheckOptions, stronger: CheckOptions): CheckOptions {
  const rules = { ...weaker.rules, ...stronger.rules };
  return { ...weaker, ...stronger, ...(Object.keys(rules).length === 0 ? {} : { rules }) };
}

export function shareOptions(options: CheckOptions): void {
  shared = options;
}

let section: CheckOptions = {};

/**
 * Also reads the section `meshwright:policy` of the stack file. Only this project's own pack does so: other programs
 * could use the section to weaken the pack that checks them.
 */
export function useStackSection(): void {
  section = asMap(stackFile()['policy']);
}

const prefix = 'meshwright:';

/** The sections of Meshwright in the stack's configuration. A section that cannot be read is left out; the program reports it. */
export function stackFile(): JsonMap {
  // The engine passes the configuration in this variable.
  const config = asMap(parsed(process.env['PULUMI_CONFIG']));
  const own = Object.entries(config).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), parsed(value)]));
}

function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

/** What a Helm release installs. Pulumi shows a release as one opaque resource. */
export interface ReleaseFacts {
  istioVersion?: string;
  mesh?: CheckOptions['mesh'];
  revisions?: string[];
  gatewayWorkloads?: GatewayWorkload[];
}

interface HelmRelease {
  chart: string;
  name: string;
  namespace: string;
  version: string | undefined;
  values: Readonly<Record<string, unknown>>;
}

/** The facts that rules need about Istio's own charts among the Helm releases of a program. */
export function releaseFacts(resources: readonly StackResource[]): ReleaseFacts {
  const releases = resources.filter(({ type }) => type === 'kubernetes:helm.sh/v3:Release').map(helmRelease);
  const planes = releases.filter(({ chart }) => chart === 'istiod');
  const gateways = releases.filter(({ chart }) => chart === 'gateway');
  const [plane] = planes;
  return {
    ...(plane === undefined ? {} : planeFacts(plane)),
    ...(planes.length === 0
      ? {}
      : { revisions: planes.map(({ values }) => asString(values['revision']) || 'default') }),
    ...(gateways.length === 0 ? {} : { gatewayWorkloads: gateways.map(gatewayWorkload) }),
  };
}

function helmRelease({ name: logicalName, props }: StackResource): HelmRelease {
  const { chart, name, namespace, version, values } = knownPart(props).value;
  return {
    chart:
      (asString(chart) ?? '')
        .split('/')
        .at(-1)
        ?.replace(/-\d+\..*\.tgz$/, '') ?? '',
    name: asString(name) ?? logicalName,
    namespace: asString(namespace) ?? 'default',
    version: asString(version),
    values: asMap(values),
  };
}

function planeFacts({ namespace, version, values }: HelmRelease): ReleaseFacts {
  const meshConfig = asMap(values['meshConfig']);
  return {
    mesh: { rootNamespace: namespace, meshConfig },
    ...(version === undefined ? {} : { istioVersion: version }),
  };
}

/** The labels and ports of Istio's gateway chart, unless its values say otherwise. */
function gatewayWorkload({ name, namespace, values }: HelmRelease): GatewayWorkload {
  const own = Object.entries(asMap(values['labels'])).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const stated = indexedMaps(asMap(values['service'])['ports']).map(({ item }) => item);
  const ports = stated.flatMap(({ port, targetPort }) =>
    typeof port === 'number' ? [{ port, ...(typeof targetPort === 'number' ? { targetPort } : {}) }] : [],
  );
  return {
    namespace,
    labels: { app: name, istio: gatewayLabel(name), ...Object.fromEntries(own) },
    serviceAccount: gatewayServiceAccount(name, { values }),
    ports: stated.length > 0 ? ports : defaultGatewayPorts,
  };
}
