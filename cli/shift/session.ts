import { spawnSync } from 'node:child_process';
import { basename, dirname, resolve } from 'node:path';
import type { RouteSettings } from '../../mesh/manifests/settings';
import { routeNames } from '../../mesh/manifests/routes';
import { labPorts } from '../../cluster/lab';
import { routeKeys, stackValue } from '../../config/edit';
import { contextOf } from '../cluster';
import { UserError } from '../errors';
import { loadStack, namedRoute, type StackChoice } from '../input';
import { say } from '../output';
import { deployerOf, type Place } from './deployer';
import type { Journal } from './journal';
import { readFigures } from './metrics';
import { readStackFile, type Surroundings } from './run';
import type { ShiftRoute } from './steps';
import { Store } from './store';

/** A stack whose routes are shifted, and its file. */
export interface Session extends Place {
  routes: Record<string, Record<string, RouteSettings>>;
  /** Routes with a rollout in the stack file, `namespace/service`. */
  rollouts: string[];
}

/** @throws UserError for a sample, and for an invalid stack file */
export function openSession(choice: StackChoice): Session {
  if (choice.sample !== undefined) throw new UserError('A sample has no stack file that could be edited; use --stack.');
  const { file, name, origin, settings } = loadStack(choice);
  const isLab = contextOf(choice, { file }) === undefined && (process.env['KUBECONFIG'] ?? '') === '';
  const routes = settings.routes ?? {};
  const rollouts = routeNames(settings.rollouts);
  return { file: resolve(origin), name, store: new Store(resolve(origin), name), isLab, routes, rollouts };
}

/**
 * The routes of a stack that are named, with their settings as they are written.
 * @param names - `namespace/service`, or `service` if only one route has that name
 */
export function chosenRoutes({ routes, file }: Session, names: readonly string[]): ShiftRoute[] {
  const all = routeNames(routes);
  const text = readStackFile(file);
  return names.map((asked) => {
    const name = namedRoute(asked, all);
    return { name, settings: stackValue(text, routeKeys(name)) as RouteSettings };
  });
}

/** The Prometheus of the lab; undefined elsewhere. */
export async function labPrometheus({ isLab }: Session): Promise<string | undefined> {
  const port = isLab ? (await labPorts())?.prometheus : undefined;
  return port === undefined ? undefined : `http://127.0.0.1:${port}`;
}

/** The real clock, cluster, metrics and git. */
export function surroundingsOf(session: Session, report: Surroundings['report']): Surroundings {
  const { file, store } = session;
  return {
    file,
    store,
    now: Date.now,
    deploy: deployerOf(session),
    figures: (journal: Journal, routes, now, isDue) => readFigures(journal, routes, now, isDue),
    report,
    commit: (message) => commitFile(file, message),
  };
}

/** Commits the stack file alone; what else is staged stays staged. */
export function commitFile(file: string, message: string): void {
  const git = (...words: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync('git', ['-C', dirname(file), ...words], { encoding: 'utf8' });
  const name = basename(file);
  if (git('status', '--porcelain', '--', name).stdout === '') return;
  const { status, stderr, stdout } = git('commit', '--quiet', '--message', message, '--', name);
  if (status !== 0) say(`warning: the step is not committed: ${(stderr || stdout).trim()}`);
}
