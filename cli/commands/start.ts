import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { releaseType } from '../../mesh/manifests/kubernetes';
import { renderMesh, type Mesh } from '../../mesh/manifests/mesh';
import { routeNames } from '../../mesh/manifests/routes';
import type { StackSettings } from '../../mesh/manifests/settings';
import { printable } from '../../mesh/strings';
import { weightOwnersOf } from '../../mesh/traffic';
import { labApi, labUp, type Lab } from '../../cluster/lab';
import { withoutEncryptedSettings } from '../../config/encrypted';
import type { CheckOptions } from '../../policy/rule';
import { asUserError, UserError } from '../errors';
import { loadMesh, stackOptions, type StackChoice } from '../input';
import { say, shellWord } from '../output';
import { recordDeployed } from '../shift/history';
import { Store } from '../shift/store';
import { deploy } from '../start/deploy';
import { programCode } from '../start/inline-program';
import { labSettings, reachableAddonCharts } from '../start/lab-settings';
import { LabStack } from '../start/lab-stack';
import { deployedStacks, recordOrigin, refuseOtherOrigin } from '../start/stack-state';
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
  const { name, file, origin, settings, policy, warnings } = loadMesh(choice);
  const text = readFileSync(origin, 'utf8');
  say(`${file}: valid`);
  const readable = withoutEncryptedSettings(settings);
  const [lab, addons] = await Promise.all([asUserError(labUp({ log: say })), reachableAddonCharts(readable.settings)]);
  const local = labSettings(readable.settings, { istio: lab.charts, addons });
  const mesh = renderMesh(local.settings);
  refuseOtherOrigin(lab, name, origin);
  refuseOtherStacks(lab, name, mesh);
  await refuseWithoutIstio(lab, local.settings, mesh);

  const stack = await LabStack.open(lab, name, { log: say });
  stack.configure(stackConfig(local.settings, policy));
  const print = (text: string): boolean => process.stdout.write(printable(text));
  const objects = [...mesh.existingNamespaces, ...mesh.objects].map(({ object }) => object);
  // A message ends with the name of its rule.
  const printed = warnings.map(({ message }) => message.replace(/ \([\w-]+\)$/, ''));
  recordOrigin(lab, name, origin);
  const weightOwners = weightOwnersOf(local.settings);
  const proven = await deploy(lab, stack, { objects, weightOwners, printed, refresh, print });
  if (choice.sample === undefined) rememberDeployed(new Store(origin, name), text, settings, proven);
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
  const encrypted = readable.keys.map((key) => `${key}: encrypted, and the lab has no key`);
  printAll('Left out or changed for the lab', [...noEnvoy, ...encrypted, ...local.notes]);
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

/** A stack's settings as Pulumi keeps them in a stack file. */
export function stackConfig(settings: StackSettings, policy: CheckOptions): Record<string, unknown> {
  const sections = Object.entries({ ...settings, policy });
  return Object.fromEntries(sections.map(([section, value]): [string, unknown] => [`meshwright:${section}`, value]));
}

/**
 * @throws UserError when another stack on the lab has one of this stack's Helm releases: control planes in a cluster
 * need different names.
 */
function refuseOtherStacks(lab: Lab, name: string, { releases }: Mesh): void {
  const own = new Set(releases.map((release) => `${release.namespace}/${release.name}`));
  for (const [other, resources] of deployedStacks(lab)) {
    if (other === name) continue;
    const inputs = resources.filter(({ type }) => type === releaseType).map((one) => one.inputs ?? {});
    const shared = inputs
      .map((release) => `${String(release['namespace'])}/${String(release['name'])}`)
      .filter((id) => own.has(id));
    if (shared.length === 0) continue;
    throw new UserError(
      [
        `The lab's stack ${other} has the same Helm releases: ${shared.join(', ')}.`,
        `Remove it first: npx meshwright down --stack ${other}`,
      ].join('\n'),
    );
  }
}

/** @throws UserError when a stack has Istio objects, but neither the stack nor the lab has Istio. */
async function refuseWithoutIstio(lab: Lab, { istio }: StackSettings, { objects }: Mesh): Promise<void> {
  const needed = objects.find(({ object }) => /\.istio\.io\//.test(object.apiVersion));
  if (istio !== undefined || needed === undefined) return;
  const kinds = await asUserError(labApi(lab).freshKinds());
  if (kinds.has('VirtualService.networking.istio.io')) return;
  throw new UserError(
    [
      'The lab has no Istio, and the stack file does not install it.',
      'Add meshwright:istio to the stack file (`meshwright:istio: {}` is enough), or start another stack that has it first.',
    ].join('\n'),
  );
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
