import { join } from 'node:path';
import { labUp, type Lab } from '../../cluster/lab';
import { ClusterError, MeshView, type MeshViewOptions } from '../../cluster/proxies';
import { withoutEncryptedSettings } from '../../config/encrypted';
import { setStackValue, stackValue } from '../../config/edit';
import { formatProblems } from '../../config/problem';
import { journalsVariable } from '../../config/shifts';
import { parseStackText } from '../../config/stack-text';
import { configuredStack } from '../start/on-lab';
import { asUserError, UserError } from '../errors';
import { say } from '../output';
import { isProven, liveRoutes, liveText } from '../live/routes';
import { failureText, provenRoutes } from '../start/engine-talk';
import { programCode } from '../start/inline-program';
import { labSettings, reachableAddonCharts } from '../start/lab-settings';
import { LabStack } from '../start/lab-stack';
import { refuseOtherOrigin } from '../start/stack-state';
import type { Store } from './store';

/** The result of an update. */
export type Deployed =
  | { state: 'live'; proof: string }
  /** The API server has it, but no proxy is known to serve it. */
  | { state: 'unproven'; why: string }
  /** Nothing was changed: the policy pack, the program or the API server refuses it in the preview. */
  | { state: 'refused'; why: string }
  /** It failed on the way. */
  | { state: 'failed'; why: string };

export interface DeployOptions {
  /** Whether it goes back to an earlier state: limits on weight steps do not apply, and it needs no program that compiles. */
  isBack: boolean;
  /** The routes that proxies must serve afterwards, `namespace/service`. */
  routes: readonly string[];
  /** Whether a preview may refuse it first. Defaults to true. */
  preview?: boolean;
}

/** Deploys the text of a stack file. */
export type Deploy = (text: string, options: DeployOptions) => Promise<Deployed>;

export interface Place {
  /** Absolute path of the stack file. */
  file: string;
  name: string;
  store: Store;
  /** The lab, or Pulumi's own backend. */
  isLab: boolean;
  /** Folder of the lab. Defaults to this project's. */
  labRoot?: string;
}

/**
 * Deploys with the same program, policy pack and proof as `npm start` and `pulumi up`: a preview first, then the update,
 * which returns when the proxies serve it.
 */
export function deployerOf({ file, name, store, isLab, labRoot }: Place): Deploy {
  let lab: Promise<Lab> | undefined;
  return async (text, { isBack, routes, preview: isPreviewed = true }) => {
    const given = isBack ? withoutStepLimits(text) : text;
    // The program that deployed the stack last is known to work, whatever happened to index.ts since.
    const code = (isBack ? store.keptProgram() : undefined) ?? codeOrWhy();
    if (typeof code !== 'string') return { state: 'refused', why: code.why };
    process.env[journalsVariable] = store.folder;
    lab ??= isLab ? asUserError(labUp({ log: say, ...(labRoot === undefined ? {} : { root: labRoot }) })) : undefined;
    const stack =
      lab === undefined
        ? await LabStack.openPulumi(name, join(store.folder, 'pulumi'), given, code)
        : await openOnLab(await lab, { file, name, text: given, code });
    const preview = isPreviewed ? await stack.preview() : undefined;
    if (preview?.succeeded === false) return { state: 'refused', why: failureText(preview) };
    const ran = await stack.up();
    if (!ran.succeeded) return { state: 'failed', why: failureText(ran) };
    if (!isBack) store.keepProgram(code);
    const proven = provenRoutes(ran.events);
    const others = routes.filter((route) => !proven.has(route));
    if (others.length === 0) return { state: 'live', proof: [...proven.values()].join('; ') };
    const { kubeconfig, context } = (await lab) ?? {};
    return askedProof(file, others, kubeconfig === undefined || context === undefined ? {} : { kubeconfig, context });
  };
}

function codeOrWhy(): string | { why: string } {
  try {
    return programCode();
  } catch (error) {
    return { why: `the program cannot be compiled: ${(error as Error).message}` };
  }
}

/** Without limits on weight steps: going back must not take several updates. */
function withoutStepLimits(text: string): string {
  return ['maxStep', 'initialStep'].reduce(
    (rest, key) =>
      stackValue(rest, ['policy', key]) === undefined ? rest : setStackValue(rest, ['policy', key], undefined),
    text,
  );
}

async function openOnLab(
  lab: Lab,
  { file, name, text, code }: { file: string; name: string; text: string; code: string },
): Promise<LabStack> {
  const parsed = parseStackText(text, file);
  if ('problems' in parsed) throw new UserError(`${file} is refused:\n${formatProblems(parsed.problems)}`);
  refuseOtherOrigin(lab, name, file);
  const readable = withoutEncryptedSettings(parsed.settings).settings;
  const addons = await reachableAddonCharts(readable);
  const { settings } = labSettings(readable, { istio: lab.charts, addons });
  return configuredStack(lab, { name, origin: file, policy: parsed.policy }, settings, code);
}

/** Asks the proxies about routes that the update did not prove, such as those that it did not change. */
async function askedProof(file: string, names: readonly string[], options: MeshViewOptions): Promise<Deployed> {
  try {
    const all = await liveRoutes({ config: file }, undefined, options, (view) => new MeshView(view));
    for (const name of names) {
      const found = all.find(({ route }) => route === name);
      if (found === undefined)
        return { state: 'unproven', why: `${name} has no VirtualService that proxies could serve` };
      if (!isProven(found)) return { state: 'unproven', why: liveText(found).replaceAll(/\n\s*/g, '; ') };
    }
    return { state: 'live', proof: names.map((name) => `${name}: nothing to change, and it is live`).join('; ') };
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return { state: 'unproven', why: `the proxies could not be asked whether they serve the route: ${error.message}` };
  }
}
