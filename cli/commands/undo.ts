import { Argument, type Command } from 'commander';
import { isDeepStrictEqual } from 'node:util';
import { effectiveWeights, splitText } from '../../mesh/manifests/weights';
import type { RouteSettings } from '../../mesh/manifests/settings';
import { routeKeys, setStackValue, stackValue } from '../../config/edit';
import { exitCodes, RefusedError, UserError } from '../errors';
import { stackOptions, wholeNumber, type StackChoice } from '../input';
import { defaultOptions } from '../shift/options';
import { deployerOf } from '../shift/deployer';
import { historyOf, recordLive, type DeployedState } from '../shift/history';
import { duration } from '../shift/flags';
import { readStackFile, writeStackFile } from '../shift/run';
import { chosenRoutes, commitFile, openSession, type Session } from '../shift/session';
import { View } from '../shift/view';
import { follow, startShift } from '../shift/follow';

interface UndoFlags extends StackChoice {
  steps: string;
  list?: boolean;
  gradual?: boolean;
  every?: string;
  commit?: boolean;
  json: boolean;
}

/** `meshwright undo`: returns a route to an earlier state that was live. */
export function registerUndo(program: Command): void {
  stackOptions(program.command('undo'))
    .description('return a route to an earlier state that the proxies served, even if the program does not compile')
    .addArgument(new Argument('<route>', 'NAMESPACE/SERVICE, or SERVICE if only one has that name'))
    .option('--steps <count>', 'how many states to go back, at most ten', '1')
    .option('--list', 'list the states')
    .option('--gradual', 'move the weights back in the steps of a shift, by time')
    .option('--every <duration>', 'for --gradual: how long each step lasts (default: "60s")')
    .option('--commit', 'commit the stack file')
    .option('--json', 'print JSON', false)
    .action((route: string, flags: UndoFlags) => undo(route, flags));
}

async function undo(asked: string, flags: UndoFlags): Promise<void> {
  const session = openSession(flags);
  const [found] = chosenRoutes(session, [asked]);
  const route = found?.name ?? asked;
  const states = historyOf(session.store, route);
  if (flags.list === true) {
    process.stdout.write(flags.json ? `${JSON.stringify(states, null, 2)}\n` : states.map(stateLine).join(''));
    return;
  }
  const steps = wholeNumber('--steps', flags.steps, 1, 10);
  const wanted = states[steps]?.settings;
  if (wanted === undefined)
    throw new UserError(
      `${route} has ${Math.max(0, states.length - 1)} earlier states that were deployed; \`undo ${route} --list\` shows them.`,
    );
  const active = session.store.active(route);
  if (active !== undefined)
    throw new UserError(`${route} is being shifted: \`meshwright shift ${route} --abort\` goes back.`);
  if (flags.gradual === true) process.exitCode = await gradually(session, route, wanted, flags);
  else await atOnce(session, route, wanted, flags);
}

function stateLine({ settings, deployedAt, provenAt }: DeployedState, index: number): string {
  const split = splitText(effectiveWeights(settings.weights ?? {}) ?? {}) || 'no weights';
  const rules = (settings.http ?? []).length;
  return `${index === 0 ? 'now' : String(index).padStart(3)}  ${new Date(deployedAt).toISOString()}  ${split}${rules === 0 ? '' : `, ${rules} rules`}${provenAt === undefined ? ', unproven' : ''}\n`;
}

async function gradually(session: Session, route: string, wanted: RouteSettings, flags: UndoFlags): Promise<number> {
  const now = stackValue(readStackFile(session.file), routeKeys(route)) as RouteSettings;
  const [{ weights: from, ...others }, { weights: to, ...earlier }] = [now, wanted];
  const target = effectiveWeights(to ?? {});
  if (from === undefined || target === undefined || !isDeepStrictEqual(others, earlier))
    throw new UserError(`${route} differs from that state in more than weights; go back without --gradual.`);
  const options = {
    ...defaultOptions,
    every: duration('--every', flags.every) ?? defaultOptions.every,
    commit: flags.commit === true,
  };
  const journal = await startShift(session, [route], target, options);
  return follow(session, journal, new View(flags.json), false);
}

async function atOnce(session: Session, route: string, wanted: RouteSettings, flags: UndoFlags): Promise<void> {
  const { store, file } = session;
  const deploy = deployerOf(session);
  await store.whileUpdating(async () => {
    const before = readStackFile(file);
    const text = setStackValue(before, routeKeys(route), wanted);
    writeStackFile(file, text);
    const result = await deploy(text, { isBack: true, routes: [route] });
    if (result.state === 'refused') {
      writeStackFile(file, before);
      throw new RefusedError(`${route} stays as it is: ${result.why}`);
    }
    if (result.state === 'failed') throw new RefusedError(`${result.why}\n${route} is not back yet; run undo again.`);
    const isLive = result.state === 'live';
    if (isLive) recordLive(store, text, [route], Date.now());
    else process.exitCode = exitCodes.cannotTell;
    if (flags.commit === true) commitFile(file, `undo ${route}`);
    const said = isLive ? result.proof : `unproven: ${result.why}; \`meshwright live ${route}\` asks them`;
    process.stdout.write(flags.json ? `${JSON.stringify({ route, ...result })}\n` : `${route}: ${said}\n`);
  });
}
