import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { routeNames } from '../../mesh/manifests/routes';
import type { StackSettings } from '../../mesh/manifests/settings';
import { printable } from '../../mesh/strings';
import { weightOwnersOf } from '../../mesh/traffic';
import { labApi } from '../../cluster/lab';
import { asUserError } from '../errors';
import { loadMesh, stackOptions, type StackChoice } from '../input';
import { say, shellWord } from '../output';
import { recordDeployed } from '../shift/history';
import { Store } from '../shift/store';
import { deploy } from '../start/deploy';
import { programCode } from '../start/inline-program';
import { openOnLab } from '../start/on-lab';
import { gatewayLines, summary } from '../start/summary';
import { nodeStatus } from '../traffic/lab-node';
import { observedLines } from '../traffic/observe';

interface StartOptions extends StackChoice {
  refresh?: boolean;
}

/** `meshwright start`, which `npm start` runs: brings up the lab, deploys a stack to it, and shows the result. */
export function registerStart(program: Command): void {
  stackOptions(program.command('start'))
    .description('bring up the lab and deploy a stack to it, after showing the plan')
    .option('--refresh', 'compare with the cluster first, and revert manual changes')
    .action(async (options: StartOptions) => start(options));
}

/**
 * Checks a stack, brings the lab up and deploys the stack to it with Pulumi's engine.
 * @throws UserError for an invalid stack file, before the lab is started
 */
export async function start({ refresh = false, ...choice }: StartOptions): Promise<void> {
  // Checked before the lab is started, which takes much longer.
  const loaded = loadMesh(choice);
  const { name, file, origin, settings, warnings } = loaded;
  const text = choice.sample === undefined ? readFileSync(origin, 'utf8') : undefined;
  say(`${file}: valid`);
  const { lab, stack, local, mesh, encrypted } = await openOnLab(loaded);
  const print = (text: string): boolean => process.stdout.write(printable(text));
  const objects = [...mesh.existingNamespaces, ...mesh.objects].map(({ object }) => object);
  // A message ends with the name of its rule.
  const printed = warnings.map(({ message }) => message.replace(/ \([\w-]+\)$/, ''));
  const weightOwners = weightOwnersOf(local.settings);
  const adopt = local.settings.adopt !== undefined && local.settings.adopt !== false;
  const proven = await deploy(lab, stack, { objects, weightOwners, printed, refresh, print, adopt });
  if (text !== undefined) rememberDeployed(new Store(origin, name), text, settings, proven);
  const api = labApi(lab);
  // The charts may have installed new kinds.
  await asUserError(api.freshKinds());
  const live = await asUserError(Promise.all(objects.map((object) => api.get(object))));
  print(`${summary(live.filter((object) => object !== undefined))}\n`);
  const printAll = (title: string, lines: readonly string[]): void => {
    if (lines.length > 0) print(`\n${title}\n${lines.map((line) => `  ${line}\n`).join('')}`);
  };
  const nodePorts = lab.noEnvoy === undefined ? ((await nodeStatus(lab))?.nodePorts ?? []) : [];
  printAll('Observed', await observedLines(lab, local.settings));
  printAll('Open', gatewayLines(local.settings, nodePorts));
  const noEnvoy = lab.noEnvoy === undefined ? [] : [`proxies: no requests are sent, because ${lab.noEnvoy}`];
  const unread = encrypted.map((key) => `${key}: encrypted, and the lab has no key`);
  printAll('Left out or changed for the lab', [...noEnvoy, ...unread, ...local.notes]);
  print(nextSteps(choice, file, lab.kubeconfig));
}

/** Keeps what `undo` and `promote` need: the states of the routes, and the program that deployed them. */
function rememberDeployed(
  store: Store,
  text: string,
  { routes }: StackSettings,
  proven: ReadonlyMap<string, string>,
): void {
  recordDeployed(store, text, routeNames(routes), { isProven: (route) => proven.has(route), now: Date.now() });
  store.keepProgram(programCode());
}

function nextSteps(choice: StackChoice, file: string, kubeconfig: string): string {
  const { sample } = choice;
  const flags = sample === undefined ? stackFlags(choice) : `--sample ${sample}`;
  const first =
    sample === undefined
      ? `change a weight in ${file} and run npm start again: the plan shows what moves`
      : 'npx meshwright samples, then npm start -- --sample with another state of this one: the plan shows what moves';
  const commands: [string, string][] = [
    [`npx meshwright traffic ${flags}`, 'send requests and count the answers'],
    [`npx meshwright live ${flags}`, 'compare the configured routes with those in each proxy'],
    [`npx meshwright render ${flags}`, 'print the same stack as plain YAML'],
    [`export KUBECONFIG=${shellWord(kubeconfig)}`, 'use kubectl'],
    [`npx meshwright down ${flags}`, 'remove the stack'],
    ['npx meshwright lab down', 'stop the lab'],
  ];
  const width = Math.max(...commands.map(([command]) => command.length));
  const lines = [first, ...commands.map(([command, what]) => `${command.padEnd(width)}  ${what}`)];
  return `\nTry next\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function stackFlags({ stack, config }: StackChoice): string {
  return config === undefined ? `--stack ${stack ?? 'dev'}` : `--config ${shellWord(config)}`;
}
