import type { PolicyConfigSchema } from '@pulumi/policy';
import { levels } from '../finding';
import type { CheckOptions } from '../rule';
import { asMap, type JsonMap } from '../../mesh/json';

const names = { type: 'array', items: { type: 'string' } } as const;
const percent = { type: 'integer', minimum: 0, maximum: 100 } as const;
const anything = { type: 'object' } as const;

/** What the pack may be told: every option of the check but the time, by the same names. */
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

/** Options of `istio-objects` in this run, which the other policies start from, so that they need be given once only. */
let shared: CheckOptions = {};

/** The options of a policy: its own over those of the policy for objects, over the stack's section `meshwright:policy`, over the stack's tag `environment`. */
export function packOptions(own: CheckOptions, stackTags: ReadonlyMap<string, string>): CheckOptions {
  const environment = stackTags.get('environment');
  return { ...(environment === undefined ? {} : { environment }), ...stackSection(), ...shared, ...own };
}

export function shareOptions(options: CheckOptions): void {
  shared = options;
}

let section: CheckOptions | undefined;

/** A stack of Meshwright says in its own file what its checks are told; for any other program there is no such section. */
function stackSection(): CheckOptions {
  return (section ??= asMap(stackFile()['policy']));
}

const prefix = 'meshwright:';

/** The sections of a stack file of Meshwright, in clear; none for any other program's. What cannot be read is left out: the program that owns it says so. */
export function stackFile(): JsonMap {
  // As the engine hands a stack's configuration to whatever it starts.
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
