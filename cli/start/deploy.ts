import type { EngineEvent } from '@pulumi/pulumi/automation';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { Lab, Log } from '../../cluster/lab';
import { trafficDiffText } from '../../mesh/traffic/diff/diff-text';
import { trafficDiff } from '../../mesh/traffic/diff/traffic-diff';
import { asUserError, UserError } from '../errors';
import { say } from '../output';
import { appliedTo } from '../traffic/applied';
import { labTraffic } from '../traffic/cluster';
import { Diagnostics, isUnproven, policyFindings, Progress, resultText, stepCount } from './engine-talk';
import type { LabStack, Ran, RunOptions } from './lab-stack';
import { planOf, planText, plannedTitle, type Plan } from './plan';

/** Where a deployment reports. */
export interface Reporting {
  /** Takes what is the result, for stdout. */
  tell: (text: string) => void;
  /** Takes progress and diagnostics. Defaults to stderr. */
  log?: Log;
}

export interface DeployOptions extends Reporting {
  /** All objects of the stack, to say what becomes of traffic. */
  objects: readonly KubernetesObject[];
  /** Messages of findings that were told before, which need not be told again. */
  told?: readonly string[];
  /** Compare with the cluster first, and repair what was changed by hand. */
  refresh?: boolean;
}

/**
 * Brings a stack up: shows the plan and what it does to traffic, then carries it out.
 * @throws UserError when the program, the policy pack, a provider or the API server refuses, or the user cancels. What was done by then stays, and a second run goes on from there.
 */
export async function deploy(lab: Lab, stack: LabStack, options: DeployOptions): Promise<void> {
  const { tell, log = say, objects, told = [], refresh = false } = options;
  const diagnostics = new Diagnostics();
  const preview = await observed(log, diagnostics, 'comparing the stack with what is deployed', (run) =>
    stack.preview({ ...run, refresh }),
  );
  refuse(stack.name, preview, 'nothing was changed');
  const plan = planOf(preview.events);
  tell(`\nPlan\n${planText(plan)}\n`);
  const advice = policyFindings(preview.events).filter(({ text }) => !told.some((message) => text.includes(message)));
  if (advice.length > 0) tell(`Policy\n${advice.map(({ text }) => `  ${text.replaceAll('\n', '\n  ')}\n`).join('')}\n`);
  const steps = stepCount(preview.events);
  if (steps === 0) return;
  const traffic = await asUserError(plannedTraffic(lab, objects, plan));
  if (traffic !== undefined) tell(`${traffic}\n`);
  const started = Date.now();
  const ran = await observed(log, diagnostics, new Progress(steps), (run) => stack.up(run));
  const done = planOf(ran.events);
  refuse(
    stack.name,
    ran,
    `${resultText(done, { milliseconds: Date.now() - started })}; a second run goes on from there`,
  );
  tell(`${resultText(done, { milliseconds: Date.now() - started, unproven: isUnproven(ran.events) })}\n\n`);
}

export interface TakeDownOptions extends Reporting {
  /** Whether to go on, once the plan has been shown. */
  agreed: (question: string) => Promise<boolean>;
}

/**
 * Takes a stack down: shows the plan, asks, and removes the stack's objects and the stack.
 * @returns false when it was not agreed to; then nothing was touched
 * @throws UserError when it cannot be done; a second run goes on where this one stopped
 */
export async function takeDown(stack: LabStack, options: TakeDownOptions): Promise<boolean> {
  const { tell, log = say, agreed } = options;
  const diagnostics = new Diagnostics();
  if (stack.isInterrupted) await finish(stack, log, diagnostics);
  const preview = await observed(log, diagnostics, 'looking at what is deployed', (run) => stack.previewDestroy(run));
  refuse(stack.name, preview, 'nothing was removed');
  const plan = planOf(preview.events);
  if (plan.removed.length > 0) {
    tell(`Plan\n${planText(plan)}\n`);
    if (!(await agreed(`Remove the stack ${stack.name}?`))) return false;
  }
  const started = Date.now();
  const progress = new Progress(stepCount(preview.events));
  const ran = await observed(log, diagnostics, progress, (run) => stack.destroy(run));
  const result = resultText(planOf(ran.events), { milliseconds: Date.now() - started });
  refuse(stack.name, ran, `${result}; a second run goes on from there`);
  await stack.remove();
  tell(`${result}\n`);
  return true;
}

/** Carries out what a killed run had begun, so that all it has made is known and can be removed. */
async function finish(stack: LabStack, log: Log, diagnostics: Diagnostics): Promise<void> {
  const ran = await observed(log, diagnostics, 'an earlier run was killed: finishing it first', (run) => stack.up(run));
  if (ran.cancelled) refuse(stack.name, ran, 'nothing was removed');
  if (!ran.succeeded)
    log('warning: the earlier run could not be finished: objects that it had begun to create may stay');
}

/** Between two lines of progress, and between two updates of a line that is rewritten, in milliseconds. */
const linePause = 5000;
const redrawPause = 200;

/** Runs the engine, with its diagnostics and its progress on the terminal. The first Ctrl-C lets it finish what it is doing. */
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
    log('cancelling: what is under way is finished, nothing new is begun');
    cancel.abort();
  });
  const onEvent = (event: EngineEvent): void => {
    if (typeof doing !== 'string') doing.take(event);
    const diagnostic = diagnostics.take(event);
    // Errors end the run, and are then told together.
    if (diagnostic !== undefined && diagnostic.severity !== 'error') {
      log(`${diagnostic.severity === 'warning' ? 'warning: ' : ''}${diagnostic.text}`);
    }
  };
  const show = (): void => {
    // A line that cannot be rewritten is worth printing only while it names a resource.
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

/** A terminal sends Ctrl-C to npm and to this process, and npm passes it on: within this time, in milliseconds, they are one. */
const oneInterrupt = 1000;

function onInterrupt(work: () => void): () => void {
  let first: number | undefined;
  const handle = (): void => {
    if (first === undefined) {
      first = Date.now();
      work();
    } else if (Date.now() - first > oneInterrupt) process.exit(130);
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, handle);
  return () => {
    for (const signal of signals) process.off(signal, handle);
  };
}

/** @throws UserError when a run did not succeed, with everything that was said against it. */
function refuse(name: string, { succeeded, cancelled, events, stderr }: Ran, state: string): void {
  if (succeeded) return;
  if (cancelled) throw new UserError(`cancelled: ${state}`);
  const diagnostics = new Diagnostics();
  const errors = events.map((event) => diagnostics.take(event)).filter((one) => one?.severity === 'error');
  const findings = policyFindings(events).filter(({ isMandatory }) => isMandatory);
  const words = [...findings.map(({ text }) => text), ...errors.map((error) => error?.text ?? '')];
  const lines = words.length > 0 ? words : [stderr.trim()];
  throw new UserError([...lines, `${name}: ${state}`].join('\n'));
}

/** What a plan does to traffic, class by class; undefined on a first deployment and where nothing changes. */
export async function plannedTraffic(
  lab: Pick<Lab, 'kubeconfig'>,
  objects: readonly KubernetesObject[],
  { created, changed, removed, unchanged }: Plan,
): Promise<string | undefined> {
  if (created.length + changed.length + removed.length === 0) return undefined;
  if (changed.length + removed.length + unchanged === 0) return undefined;
  const before = await labTraffic(lab);
  const gone = removed.filter(({ isPatch }) => isPatch !== true).map(plannedTitle);
  const after = appliedTo(before, { objects: [...objects], options: {} }, gone);
  return `Traffic\n${trafficDiffText(trafficDiff(before.objects, after.objects))}\n`;
}
