import { Argument, Option, type Command } from 'commander';
import { stackFilePath } from '../../config/file';
import { trafficDiffMarkdown, trafficDiffText } from '../../mesh/traffic/diff/diff-text';
import { isUnmoved, trafficDiff } from '../../mesh/traffic/diff/traffic-diff';
import { stackTraffic, type TrafficInput } from '../../mesh/traffic/stack-objects';
import { exitCodes, UserError } from '../errors';
import { contextOf, labByDefault } from '../cluster';
import { loadStack, stackOptions, type LoadedStack, type StackChoice } from '../input';
import { appliedTo } from '../traffic/applied';
import { clusterTraffic, labTraffic, type ClusterChoice } from '../traffic/cluster';
import { revisionTraffic, trafficOperand } from '../traffic/input';

interface DiffFlags extends StackChoice, ClusterChoice {
  rev?: string;
  cluster: boolean;
  json: boolean;
  markdown: boolean;
}

/** `meshwright diff`: what a change does to traffic. */
export function registerDiff(program: Command): void {
  stackOptions(program.command('diff'))
    .description('what a change does to traffic: who goes elsewhere, from where to where, and how many of them')
    .addArgument(
      new Argument(
        '[sides...]',
        'before and after: stack files, files of objects, REVISION:FILE in git, or sample:NAME/STATE',
      ),
    )
    .addOption(
      new Option('--rev <revision>', 'before is the stack file as it was in this git revision').conflicts('cluster'),
    )
    .option('--cluster', 'before is what the cluster has; objects of it that the stack does not name stay', false)
    .option(
      '--context <name>',
      "for --cluster: the kubeconfig context (default: the stack's kubernetes:context, then the lab when it is up and KUBECONFIG is not set, then the current one)",
    )
    .option('--kubeconfig <file>', 'for --cluster: the kubeconfig file')
    .addOption(new Option('--json', 'as JSON').default(false).conflicts('markdown'))
    .option('--markdown', 'as Markdown, for a pull request', false)
    .addHelpText('after', '\nExit codes: 0 no request is treated in another way, 1 some are, 2 usage or broken input.')
    .action((sides: string[], flags: DiffFlags) => diff(sides, flags));
}

async function diff(sides: string[], flags: DiffFlags): Promise<void> {
  const { before, after } = await inputs(sides, flags);
  const result = trafficDiff(before.objects, after.objects, { before: before.options, after: after.options });
  const text = flags.json
    ? JSON.stringify(result, null, 2)
    : flags.markdown
      ? trafficDiffMarkdown(result)
      : trafficDiffText(result);
  process.stdout.write(`${text}\n`);
  process.exitCode = isUnmoved(result) ? exitCodes.done : exitCodes.findings;
}

async function inputs(sides: string[], flags: DiffFlags): Promise<{ before: TrafficInput; after: TrafficInput }> {
  const [first, second, ...more] = sides;
  if (flags.cluster || flags.rev !== undefined) {
    if (first !== undefined)
      throw new UserError(
        'With --rev or --cluster the stack is chosen by --stack, --config or --sample; name no sides.',
      );
    const stack = loadStack(flags);
    const after = stackTraffic(stack.settings);
    if (flags.rev !== undefined) return { before: revisionTraffic(flags.rev, stackFile(flags)), after };
    const before = await chosenCluster(flags, stack);
    return { before, after: appliedTo(before, after) };
  }
  if (first === undefined || second === undefined || more.length > 0) {
    throw new UserError('Name two sides, before and after; or one stack with --rev REVISION or --cluster.');
  }
  return { before: trafficOperand(first), after: trafficOperand(second) };
}

async function chosenCluster(flags: DiffFlags, stack: LoadedStack): Promise<TrafficInput> {
  const { kubeconfig } = flags;
  const context = flags.context ?? (kubeconfig === undefined ? contextOf(flags, stack) : undefined);
  const lab = await labByDefault([kubeconfig, context]);
  if (lab !== undefined) return labTraffic({ kubeconfig: lab });
  return clusterTraffic({
    ...(context === undefined ? {} : { context }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  });
}

function stackFile({ config, sample, stack }: StackChoice): string {
  if (sample !== undefined) throw new UserError('--rev reads a stack file from git; a sample is none.');
  return config ?? stackFilePath(stack ?? 'dev');
}
