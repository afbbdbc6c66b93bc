import type { EngineEvent } from '@pulumi/pulumi/automation';
import { defined, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { labApi, type Lab, type Log } from '../../cluster/lab';
import type { WeightOwners } from '../../mesh/model/mesh-model';
import { trafficDiff, trafficDiffText, type TrafficInput } from '../../mesh/traffic';
import { asUserError, RefusedError } from '../errors';
import { say } from '../output';
import { appliedTo, labTraffic } from '../cluster';
import { plannedAdoption, recordAdoption } from './adopt';
import {
  Diagnostics,
  failureText,
  isUnproven,
  policyFindings,
  Progress,
  provenRoutes,
  resultText,
  stepCount,
} from './engine-talk';
import type { LabStack, Ran, RunOptions } from './lab-stack';
import { planOf, planText, plannedTitle, type StartPlan } from './plan';

/** Where a deployment writes. */
export interface Reporting {
  /** Writes results, for stdout. */
  print: (text: string) => void;
  /** Writes progress and diagnostics. Defaults to stderr. */
  log?: Log;
}

export interface DeployOptions extends Reporting {
  /** All objects of the stack, for the changes to traffic. */
  objects: readonly KubernetesObject[];
  /** Who sets the weights of which VirtualService, as input of the routing model. */
  weightOwners?: WeightOwners;
  /** Messages of policy findings that have already been printed. */
  printed?: readonly string[];
  /** Compare with the cluster first, and revert manual changes. */
  refresh?: boolean;
  /** Whether the stack file adopts objects: those that are as stated are not written. */
  adopt?: boolean;
}

/**
 * Deploys a stack: prints the plan and what it does to traffic, then executes it.
 * @throws RefusedError when the program, the policy pack, a provider or the API server refuses, or the user cancels.
 * Changes made until then stay, and a second run continues from there.
 * @returns the routes that proxies were seen to serve, see provenRoutes
 */
export async function deploy(lab: Lab, stack: LabStack, options: DeployOptions): Promise<Map<string, string>> {
  const { print, log = say, objects, weightOwners = {}, printed = [], refresh = false, adopt = false } = options;
  const diagnostics = new Diagnostics();
  const previewing = (plan?: string): Promise<Ran> => previewed(stack, { log, diagnostics, refresh, plan });
  const { ran: preview, adoption } = adopt
    ? await plannedAdoption(previewing, () => Promise.resolve(labApi(lab)))
    : { ran: await previewing() };
  const plan = planOf(preview.events);
  print(`\nPlan\n${planText(plan)}\n`);
  const advice = policyFindings(preview.events).filter(
    ({ text }) => !printed.some((message) => text.includes(message)),
  );
  if (advice.length > 0)
    print(`Policy\n${advice.map(({ text }) => `  ${text.replaceAll('\n', '\n  ')}\n`).join('')}\n`);
  const steps = stepCount(preview.events);
  if (steps === 0) {
    await stack.settle(preview);
    return new Map();
  }
  const traffic = await asUserError(plannedTraffic(lab, { objects: [...objects], options: { weightOwners } }, plan));
  if (traffic !== undefined) print(`${traffic}\n`);
  const started = Date.now();
  const recorded = adoption?.adopted.adopted ?? [];
  if (adoption !== undefined && recorded.length > 0) await recordAdoption(stack, adoption);
  const ran = await observed(log, diagnostics, new Progress(steps), (run) => stack.up(run));
  const found = planOf(ran.events);
  const done = { ...found, adopted: [...recorded, ...found.adopted] };
  refuse(
    stack.name,
    ran,
    `${resultText(done, { milliseconds: Date.now() - started })}; a second run continues from there`,
  );
  print(`${resultText(done, { milliseconds: Date.now() - started, unproven: isUnproven(ran.events) })}\n\n`);
  return provenRoutes(ran.events);
}

/**
 * Previews an update, with its checks and the policy pack.
 * @param options - with the file to which the engine writes its plan
 * @throws RefusedError when an update would be refused
 */
export async function previewed(
  stack: LabStack,
  {
    log = say,
    diagnostics = new Diagnostics(),
    ...run
  }: Pick<Reporting, 'log'> & { diagnostics?: Diagnostics; refresh?: boolean; plan?: string | undefined },
): Promise<Ran> {
  const ran = await observed(log, diagnostics, 'comparing the stack with the cluster', (options) =>
    stack.preview({ ...options, ...defined(run) }),
  );
  refuse(stack.name, ran, 'nothing was changed');
  return ran;
}

export interface TakeDownOptions extends Reporting {
  /** Asks for confirmation after the plan was printed. */
  confirm: (question: string) => Promise<boolean>;
}

/**
 * Takes a stack down: prints the plan, asks for confirmation, and removes the stack's objects and the stack.
 * @returns false if the user did not confirm, so that nothing was changed
 * @throws RefusedError when it fails; a second run continues where this one stopped
 */
export async function takeDown(stack: LabStack, options: TakeDownOptions): Promise<boolean> {
  const { print, log = say, confirm } = options;
  const diagnostics = new Diagnostics();
  if (stack.isInterrupted) await finish(stack, log, diagnostics);
  const preview = await observed(log, diagnostics, 'reading the state of the stack', (run) =>
    stack.previewDestroy(run),
  );
  refuse(stack.name, preview, 'nothing was removed');
  const plan = planOf(preview.events);
  if (plan.removed.length > 0) {
    print(`Plan\n${planText(plan)}\n`);
    if (!(await confirm(`Remove the stack ${stack.name}?`))) return false;
  }
  const started = Date.now();
  const progress = new Progress(stepCount(preview.events));
  const ran = await observed(log, diagnostics, progress, (run) => stack.destroy(run));
  const result = resultText(planOf(ran.events), { milliseconds: Date.now() - started });
  refuse(stack.name, ran, `${result}; a second run continues from there`);
  await stack.remove();
  print(`${result}\n`);
  return true;
}

/** Finishes a killed run, so that all its objects are in the state and can be removed. */
async function finish(stack: LabStack, log: Log, diagnostics: Diagnostics): Promise<void> {
  const ran = await observed(log, diagnostics, 'an earlier run was killed: finishing it first', (run) => stack.up(run));
  if (ran.cancelled) refuse(stack.name, ran, 'nothing was removed');
  if (!ran.succeeded)
    log('warning: the earlier run could not be finished: objects that it had begun to create may remain');
}

/** Time between two lines of progress, and between two updates of a line that is rewritten, in milliseconds. */
const linePause = 5000;
const redrawPause = 200;

/**
 * Runs the engine, with its diagnostics and progress on the terminal. After the first Ctrl-C it finishes the current
 * steps.
 */
async function observed(
  log: Log,
  diagnostics: Diagnostics,
  doing: string | Progress,
  run: (options: RunOptions) => Promise<Ran>,
): Promise<Ran> {
  const started = Date.now();
  const text = (): string =>
    typeof doing === 'string' ? `${doing}, ${Math.round((Date.now() - started) / 1000)} s` : doing.text();
  const cancel = new AbortController();
  const release = onInterrupt(() => {
    log('cancelling: steps in progress are finished, no new ones are started');
    cancel.abort();
  });
  const onEvent = (event: EngineEvent): void => {
    if (typeof doing !== 'string') doing.take(event);
    const diagnostic = diagnostics.take(event);
    // Errors end the run, and are then printed together.
    if (diagnostic !== undefined && diagnostic.severity !== 'error') {
      log(`${diagnostic.severity === 'warning' ? 'warning: ' : ''}${diagnostic.text}`);
    }
  };
  const show = (): void => {
    // If lines cannot be rewritten, progress is printed only while a resource is being changed.
    if (log.rewrite === undefined && typeof doing !== 'string' && !doing.busy) return;
    (log.rewrite ?? log)(text());
  };
  const timer = setInterval(show, log.rewrite === undefined ? linePause : redrawPause);
  try {
    return await run({ onEvent, signal: cancel.signal });
  } finally {
    clearInterval(timer);
    log.rewrite?.('');
    release();
  }
}

/** A terminal sends Ctrl-C to npm and to this process, and npm passes it on: signals within this time, in milliseconds, count as one. */
const sameInterruptMs = 1000;

function onInterrupt(work: () => void): () => void {
  let first: number | undefined;
  const handle = (): void => {
    if (first === undefined) {
      first = Date.now();
      work();
    } else if (Date.now() - first > sameInterruptMs) process.exit(130);
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, handle);
  return () => {
    for (const signal of signals) process.off(signal, handle);
  };
}

/** @throws RefusedError when a run did not succeed, with all findings and errors. */
function refuse(name: string, ran: Ran, state: string): void {
  if (ran.succeeded) return;
  if (ran.cancelled) throw new RefusedError(`cancelled: ${state}`);
  throw new RefusedError(`${failureText(ran)}\n${name}: ${state}`);
}

/** What a plan changes in traffic, class by class; undefined on a first deployment, and if nothing changes. */
async function plannedTraffic(
  lab: Pick<Lab, 'kubeconfig'>,
  stack: TrafficInput,
  { adopted, created, changed, removed, unchanged }: StartPlan,
): Promise<string | undefined> {
  const differing = adopted.filter(({ changes }) => changes.length > 0).length;
  if (differing + created.length + changed.length + removed.length === 0) return undefined;
  if (adopted.length + changed.length + removed.length + unchanged === 0) return undefined;
  const before = await labTraffic(lab);
  const gone = removed.filter(({ isPatch }) => isPatch !== true).map(plannedTitle);
  const after = appliedTo(before, stack, gone);
  const diff = trafficDiff(before.objects, after.objects, { before: before.options, after: after.options });
  return `Traffic\n${trafficDiffText(diff)}\n`;
}
