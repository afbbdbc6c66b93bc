import type { PolicyConfigSchema } from '@pulumi/policy';
import { levels } from '../finding';
import type { CheckOptions } from '../rule';
import { asMap, type JsonMap } from '../../mesh/json';

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
