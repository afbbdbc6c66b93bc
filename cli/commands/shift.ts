import { setTimeout as sleep } from 'node:timers/promises';
import { Argument, Option, type Command } from 'commander';
import { effectiveWeights } from '../../mesh/manifests/weights';
import { UserError } from '../errors';
import { stackOptions, wholeNumber, type StackChoice } from '../input';
import { ask } from '../output';
import { parseQuery } from '../shift/gates';
import { hasEnded, newJournal, type Journal } from '../shift/journal';
import { duration, named, percentage } from '../shift/flags';
import { defaultOptions, type ShiftOptions } from '../shift/options';
import { runTick } from '../shift/run';
import { chosenRoutes, labPrometheus, openSession, surroundingsOf, type Session } from '../shift/session';
import { stepsOf } from '../shift/steps';
import { commanded, type Command as ShiftCommand } from '../shift/transitions';
import { journalText, View } from '../shift/view';

/** Exit codes of a shift, beside those of every command. */
const shiftCodes = { promoted: 0, rolledBack: 1, stopped: 3, inProgress: 10 } as const;

interface ShiftFlags extends StackChoice {
  to?: string;
  steps?: string;
  every?: string;
  maxErrorRate?: string;
  maxErrorIncrease?: string;
  maxP99?: string;
  maxP99Increase?: string;
  minRequests?: string;
  failureLimit?: string;
  inconclusiveLimit?: string;
  query?: string[];
  webhook?: string[];
  header?: string;
  cookie?: string;
  mirror?: string | true;
  prometheus?: string;
  metrics: boolean;
  back?: 'at-once' | 'steps';
  approve?: boolean;
  commit?: boolean;
  tick?: boolean;
  status?: boolean;
  pause?: boolean;
  resume?: boolean;
  abort?: boolean;
  promote?: boolean;
  json: boolean;
}

/** `meshwright shift`: moves requests to another version step by step, judged by metrics. */
export function registerShift(program: Command): void {
  const repeated = (value: string, all: string[] = []): string[] => [...all, value];
  const others = ['tick', 'status', 'pause', 'resume', 'abort', 'promote'];
  stackOptions(program.command('shift'))
    .description(
      'move requests to another version step by step: edit the stack file, deploy, prove, measure, go on or go back',
    )
    .addArgument(
      new Argument('<routes...>', 'NAMESPACE/SERVICE, or SERVICE if only one has that name; several move in lock-step'),
    )
    .addOption(
      new Option('--to <split>', 'the version that gets all requests, or a split: v2=30,v3=70').conflicts(others),
    )
    .option(
      '--steps <percents>',
      'shares of the way, e.g. 5,25,50,100; 100 alone is blue/green (default: "5,25,50,100")',
    )
    .option('--every <duration>', 'how long each step is measured (default: "60s")')
    .option('--max-error-rate <percent>', 'highest share of failed requests (5xx or no response) (default: "1%")')
    .option(
      '--max-error-increase <points>',
      'percentage points by which it may fail more often than the stable version',
    )
    .option('--max-p99 <duration>', 'highest 99th percentile of the latency')
    .option('--max-p99-increase <percent>', 'how much the 99th percentile may exceed that of the stable version')
    .option('--min-requests <count>', 'requests that a step needs before it is judged (default: "50")')
    .option('--failure-limit <count>', 'failed measurements that are tolerated (default: "0")')
    .option('--inconclusive-limit <count>', 'intervals with too few requests that are tolerated (default: "1")')
    .option('--query <promql>', 'another condition: PromQL, a comparison and a number; may be repeated', repeated)
    .option('--webhook <url>', 'asked at the end of each step, any answer but 2xx fails; may be repeated', repeated)
    .addOption(new Option('--header <name=value>', 'first send only requests with this header').conflicts('cookie'))
    .option('--cookie <name=value>', 'first send only requests with this cookie')
    .option('--mirror [percent]', 'first send copies of this share of the requests, all by default')
    .option('--prometheus <url>', 'where the metrics are (default: that of the lab)')
    .option('--no-metrics', 'go on by time, webhooks and approvals only')
    .addOption(new Option('--back <how>', 'the way back after a failure').choices(['at-once', 'steps']))
    .option('--approve', 'wait for an approval after each step')
    .option('--commit', 'commit the stack file after each step')
    .option('--tick', 'do what is due and exit: 0 done, 10 in progress, 1 rolled back, 3 stopped')
    .option('--status', 'print the step, the weights and the record of the last shift')
    .option('--pause', 'stay at the present step')
    .option('--resume', 'go on, after a pause, for an approval, or after a stop')
    .option('--abort', 'go back to the state before the shift')
    .option('--promote', 'go to the last step at once, without gates')
    .option('--json', 'print events as JSON, one a line', false)
    .action((routes: string[], flags: ShiftFlags) => shift(routes, flags));
}

async function shift(names: string[], flags: ShiftFlags): Promise<void> {
  const session = openSession(flags);
  const routes = chosenRoutes(session, names).map(({ name }) => name);
  const [first = ''] = routes;
  if (flags.status === true) {
    const latest = session.store.latest(first);
    if (latest === undefined) throw new UserError(`${first} was never shifted.`);
    process.stdout.write(`${flags.json ? JSON.stringify(latest) : journalText(latest, Date.now())}\n`);
    return;
  }
  const command = (['pause', 'resume', 'abort', 'promote'] as const).find((one) => flags[one] === true);
  const journal =
    flags.to === undefined
      ? existing(session, first, flags.tick === true || command !== undefined)
      : await started(session, names, flags);
  const view = new View(flags.json, flags.to === undefined ? journal : undefined);
  if (command !== undefined) await order(session, journal, command, view);
  process.exitCode = await follow(session, journal, view, flags.tick === true || command === 'pause');
}

/** The shift of a route that runs, or for a tick the last one. */
function existing({ store }: Session, route: string, isTick: boolean): Journal {
  const found = store.active(route) ?? (isTick ? store.latest(route) : undefined);
  if (found === undefined) throw new UserError(`No shift of ${route} is running; start one with --to VERSION.`);
  return found;
}

async function started(session: Session, names: string[], flags: ShiftFlags): Promise<Journal> {
  const routes = chosenRoutes(session, names);
  const target = targetOf(flags.to ?? '');
  const options = await optionsOf(session, flags);
  return startShift(
    session,
    routes.map(({ name }) => name),
    target,
    options,
  );
}

/** Writes the journal of a new shift. @throws UserError when one of its routes is being shifted already */
export async function startShift(
  session: Session,
  names: readonly string[],
  target: Record<string, number>,
  options: ShiftOptions,
): Promise<Journal> {
  const { store, name } = session;
  const routes = chosenRoutes(session, names);
  const steps = stepsOf(routes, target, options);
  const now = Date.now();
  const id = `${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}-${routes.map((one) => one.name.replace('/', '.')).join('+')}`;
  const settings = Object.fromEntries(routes.map((one) => [one.name, one.settings]));
  const journal = newJournal(now, { id, stack: name, routes: Object.keys(settings), settings, target, options, steps });
  // Under one lock for all routes, so that two shifts in lock-step cannot share a route.
  const result = await store.whileOwning('start', () => {
    const busy = journal.routes.find((route) => store.active(route) !== undefined);
    if (busy === undefined) store.write(journal);
    return Promise.resolve({ busy });
  });
  if (result === undefined) throw new UserError('Another shift is starting at this moment; try again.');
  if (result.busy !== undefined)
    throw new UserError(`${result.busy} is being shifted already; --status shows it, --abort goes back first.`);
  return journal;
}

async function order({ store }: Session, { id, routes }: Journal, command: ShiftCommand, view: View): Promise<void> {
  const answer = await store.whileOwning(routes[0] ?? '', () => {
    const next = commanded(store.read(id), Date.now(), command);
    if (typeof next !== 'string') {
      store.write(next);
      view.report(next);
    }
    return Promise.resolve(next);
  });
  if (answer === undefined) throw new UserError('A step is being applied at this moment; try again when it is live.');
  if (typeof answer === 'string') throw new UserError(`--${command}: ${answer}.`);
}

/** Ticks until the shift ends, or once. @returns the exit code */
export async function follow(session: Session, { id, routes }: Journal, view: View, isOnce: boolean): Promise<number> {
  const { store } = session;
  const surroundings = surroundingsOf(session, (journal, verdict) => view.report(journal, verdict));
  if (isOnce || store.read(id).log.length === 1) view.report(store.read(id));
  for (;;) {
    const result = await store.whileOwning(routes[0] ?? '', () => runTick(id, surroundings));
    const journal = result?.journal ?? store.read(id);
    if (hasEnded(journal)) return journal.phase === 'promoted' ? shiftCodes.promoted : shiftCodes.rolledBack;
    if (journal.phase === 'stopped') return shiftCodes.stopped;
    if (isOnce || journal.phase === 'paused') return shiftCodes.inProgress;
    if (journal.phase === 'approval') {
      if (!(await ask(`${journal.steps[journal.at]?.label ?? ''} has passed. Go on?`))) return shiftCodes.inProgress;
      await order(session, journal, 'resume', view);
      continue;
    }
    const until = result?.action.do === 'wait' ? (result.action.until ?? Date.now()) : Date.now();
    view.status(journal, Date.now());
    // Commands from other terminals are seen within a second.
    await sleep(Math.min(1000, Math.max(50, until - Date.now())));
  }
}

function targetOf(text: string): Record<string, number> {
  if (!text.includes('=')) return { [text]: 100 };
  const parts = text.split(',').map((part) => part.split('='));
  const split = Object.fromEntries(parts.map(([version = '', weight]) => [version.trim(), Number(weight)]));
  if (effectiveWeights(split) === undefined)
    throw new UserError(`--to ${text}: weights are whole percent that sum to 100, e.g. v2=30,v3=70.`);
  return split;
}

async function optionsOf(session: Session, flags: ShiftFlags): Promise<ShiftOptions> {
  const steps = flags.steps?.split(',').map((step) => wholeNumber('--steps', step.trim(), 1, 100));
  if (steps !== undefined && (steps.at(-1) !== 100 || steps.some((step, at) => step <= (steps[at - 1] ?? 0))))
    throw new UserError(`--steps ${flags.steps ?? ''}: they rise and end at 100, e.g. 5,25,50,100.`);
  for (const query of flags.query ?? []) {
    if (parseQuery(query) === undefined)
      throw new UserError(`--query ${query}: it ends in a comparison with a number, e.g. '… < 5'.`);
  }
  const prometheus = flags.metrics ? (flags.prometheus ?? (await labPrometheus(session))) : undefined;
  if (flags.metrics && prometheus === undefined)
    throw new UserError('Where is Prometheus? Give --prometheus URL, or --no-metrics to go on without metrics.');
  const given = {
    steps,
    every: duration('--every', flags.every),
    maxErrorRate: percentage('--max-error-rate', flags.maxErrorRate),
    maxErrorIncrease: percentage('--max-error-increase', flags.maxErrorIncrease),
    maxP99: duration('--max-p99', flags.maxP99),
    maxP99Increase: percentage('--max-p99-increase', flags.maxP99Increase, Infinity),
    minRequests: count('--min-requests', flags.minRequests, 1),
    failureLimit: count('--failure-limit', flags.failureLimit, 0),
    inconclusiveLimit: count('--inconclusive-limit', flags.inconclusiveLimit, 0),
    queries: flags.query,
    webhooks: flags.webhook,
    header: named('--header', flags.header),
    cookie: named('--cookie', flags.cookie),
    mirror:
      flags.mirror === true
        ? 100
        : flags.mirror === undefined
          ? undefined
          : wholeNumber('--mirror', flags.mirror, 1, 100),
    prometheus,
    back: flags.back,
    approve: flags.approve,
    commit: flags.commit,
  };
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...defaultOptions, ...set };
}

function count(flag: string, text: string | undefined, least: number): number | undefined {
  return text === undefined ? undefined : wholeNumber(flag, text, least, 1_000_000);
}
