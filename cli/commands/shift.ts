import { Argument, Option, type Command } from 'commander';
import { UserError } from '../errors';
import { repeated, stackOptions } from '../input';
import { optionsOf, refuseSettings, targetOf, type ShiftFlags } from '../shift/flags';
import { follow, order, startShift } from '../shift/follow';
import { hasEnded, type Journal } from '../shift/journal';
import { declaredFor, startRollout, tickAll } from '../shift/rollouts';
import { chosenRoutes, openSession, type Session } from '../shift/session';
import { journalText, View } from '../shift/view';

/** `meshwright shift`: moves requests to another version step by step, judged by metrics. */
export function registerShift(program: Command): void {
  const others = ['status', 'pause', 'resume', 'abort', 'promote'];
  stackOptions(program.command('shift'))
    .description(
      'move requests to another version step by step: edit the stack file, deploy, prove, measure, go on or go back',
    )
    .addArgument(
      new Argument(
        '[routes...]',
        'NAMESPACE/SERVICE, or SERVICE if only one has that name; several move in lock-step; with --tick, none means all',
      ),
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
    .option('--sticky <duration>', 'a cookie keeps each client with the version that served it first, for this long')
    .option('--prometheus <url>', 'where the metrics are (default: that of the lab)')
    .option('--no-metrics', 'go on by time, webhooks and approvals only')
    .addOption(new Option('--back <how>', 'the way back after a failure').choices(['at-once', 'steps']))
    .option('--approve', 'wait for an approval after each step')
    .option('--commit', 'commit the stack file after each step')
    .option(
      '--tick',
      'start what `rollouts` declares, do what is due, and exit: 0 done, 10 in progress, 1 rolled back, 3 stopped',
    )
    .option('--status', 'print the step, the weights and the record of the last shift')
    .option('--pause', 'stay at the present step')
    .option('--resume', 'go on, after a pause, for an approval, or after a stop')
    .option('--abort', 'go back to the state before the shift')
    .option('--promote', 'go to the last step at once, without gates')
    .option('--json', 'print events as JSON, one per line', false)
    .action((routes: string[], flags: ShiftFlags) => shift(routes, flags));
}

async function shift(names: string[], flags: ShiftFlags): Promise<void> {
  const session = openSession(flags);
  const routes = chosenRoutes(session, names).map(({ name }) => name);
  const [first] = routes;
  if (flags.status === true) {
    status(session, first, flags.json);
    return;
  }
  if (flags.to === undefined) refuseSettings(flags);
  const command = (['pause', 'resume', 'abort', 'promote'] as const).find((one) => flags[one] === true);
  if (first === undefined) {
    if (flags.tick !== true) throw new UserError('Name a route; only --tick and --status work for all of them.');
    process.exitCode = await tickAll(session, (journal, isNew) =>
      follow(session, journal, new View(flags.json, isNew ? undefined : journal), true),
    );
    return;
  }
  const { journal, isNew } =
    flags.to === undefined
      ? await existing(session, first, { isTick: flags.tick === true, isCommand: command !== undefined })
      : {
          journal: await startShift(session, routes, targetOf(flags.to), await optionsOf(session, flags)),
          isNew: true,
        };
  const view = new View(flags.json, isNew ? undefined : journal);
  if (command !== undefined) await order(session, journal, command, view);
  process.exitCode = await follow(session, journal, view, flags.tick === true || command === 'pause');
}

function status({ store }: Session, route: string | undefined, asJson: boolean): void {
  const shown =
    route === undefined ? store.journals().filter((one) => !hasEnded(one)) : [store.latest(route) ?? []].flat();
  if (route !== undefined && shown.length === 0) throw new UserError(`${route} was never shifted.`);
  const texts = shown.map((journal) => (asJson ? JSON.stringify(journal) : journalText(journal, Date.now())));
  process.stdout.write(texts.length === 0 ? 'No shift is running.\n' : `${texts.join('\n')}\n`);
}

/** The running shift of a route, or a new one if the stack file declares it; for a tick or a command, also the last one. */
async function existing(
  session: Session,
  route: string,
  { isTick, isCommand }: { isTick: boolean; isCommand: boolean },
): Promise<{ journal: Journal; isNew: boolean }> {
  const { store } = session;
  const active = store.active(route);
  if (active !== undefined) return { journal: active, isNew: false };
  const declared = isCommand ? { state: 'none' as const } : declaredFor(session, route);
  const again = declared.state === 'ended' && !isTick ? declared.journal.declared : undefined;
  const rollout = declared.state === 'due' ? declared.rollout : again;
  if (rollout !== undefined) return { journal: await startRollout(session, route, rollout), isNew: true };
  const latest = isTick || isCommand ? store.latest(route) : undefined;
  if (latest === undefined) throw new UserError(`No shift of ${route} is running; start one with --to VERSION.`);
  return { journal: latest, isNew: false };
}
