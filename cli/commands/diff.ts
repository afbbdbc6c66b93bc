import { Argument, Option, type Command } from 'commander';
import { stackFilePath } from '../../config/file';
import { keyPath } from '../../config/key-path';
import { diffStatus, trafficDiff, trafficDiffMarkdown, trafficDiffText, type TrafficInput } from '../../mesh/traffic';
import { judgeExpectations, type Expectation, type ExpectationVerdict } from '../../mesh/traffic/expectations';
import { exitCodes, UserError } from '../errors';
import { appliedTo, type ClusterChoice, clusterTraffic, contextOf, labByDefault, labTraffic } from '../cluster';
import {
  loadStack,
  readOptionsFlags,
  stackOptions,
  type LoadedStack,
  type ReadFlags,
  type StackChoice,
} from '../input';
import { loadedTraffic, revisionTraffic, trafficOperand } from '../traffic/input';

interface DiffFlags extends StackChoice, ClusterChoice, ReadFlags {
  rev?: string;
  cluster: boolean;
  json: boolean;
  markdown: boolean;
}

/** `meshwright diff`: what a change does to traffic. */
export function registerDiff(program: Command): void {
  readOptionsFlags(stackOptions(program.command('diff')))
    .description(
      'show what a change does to traffic: which requests move, from which destination to which, and what share of them',
    )
    .addArgument(
      new Argument(
        '[sides...]',
        'before and after: stack files, files or folders of objects, REVISION:FILE in git, or sample:NAME/STATE',
      ),
    )
    .addOption(new Option('--rev <revision>', 'before is the stack file in this git revision').conflicts('cluster'))
    .option('--cluster', 'before is the state of the cluster; its objects that are not in the stack stay', false)
    .option(
      '--context <name>',
      "for --cluster: the kubeconfig context (default: the stack's kubernetes:context; else the lab if it is up and KUBECONFIG is not set; else the current context)",
    )
    .option('--kubeconfig <file>', 'for --cluster: the kubeconfig file')
    .addOption(new Option('--json', 'as JSON').default(false).conflicts('markdown'))
    .option('--markdown', 'as Markdown, for a pull request', false)
    .addHelpText(
      'after',
      '\nExit codes: 0 no change in traffic, 1 a change in traffic, 2 usage or broken input, 3 cannot tell (1 with --strict).',
    )
    .action((sides: string[], flags: DiffFlags) => diff(sides, flags));
}

async function diff(sides: string[], flags: DiffFlags): Promise<void> {
  const { before, after, expect = [] } = await inputs(sides, flags);
  const result = trafficDiff(before.objects, after.objects, { before: before.options, after: after.options });
  const expectations = unmet(after, expect);
  const text = flags.json
    ? JSON.stringify({ ...result, ...(expectations.length > 0 ? { expectations } : {}) }, null, 2)
    : flags.markdown
      ? trafficDiffMarkdown(result) + unmetMarkdown(expectations)
      : trafficDiffText(result) + unmetText(expectations);
  process.stdout.write(`${text}\n`);
  const unsure = flags.strict ? exitCodes.findings : exitCodes.cannotTell;
  const code = { same: exitCodes.done, changed: exitCodes.findings, unknown: unsure }[diffStatus(result)];
  const isUnmet = expectations.some(({ result: verdict }) => verdict !== 'cannotTell');
  process.exitCode = isUnmet ? exitCodes.findings : code === exitCodes.done && expectations.length > 0 ? unsure : code;
}

/** A test of routing in the stack file that does not hold after the change. */
interface Unmet extends ExpectationVerdict {
  key: string;
}

function unmet(after: TrafficInput, expect: readonly Expectation[]): Unmet[] {
  return judgeExpectations(after, expect)
    .map((verdict, index) => ({ key: keyPath(['expect', index]), ...verdict }))
    .filter(({ result }) => result !== 'holds');
}

function unmetText(expectations: readonly Unmet[]): string {
  const lines = expectations.map(({ key, message }) => `\n  ${key}: ${message}`);
  return lines.length === 0 ? '' : `\n\nExpectations that do not hold${lines.join('')}`;
}

function unmetMarkdown(expectations: readonly Unmet[]): string {
  const lines = expectations.map(({ key, message }) => `\n- \`${`${key}: ${message}`.replaceAll('`', "'")}\``);
  return lines.length === 0 ? '' : `\n\n### Expectations that do not hold\n${lines.join('')}`;
}

interface Inputs {
  before: TrafficInput;
  after: TrafficInput;
  /** The files of the stack that is compared with a cluster or a revision. */
  expect?: Expectation[];
}

async function inputs(sides: string[], flags: DiffFlags): Promise<Inputs> {
  const [first, second, ...more] = sides;
  if (flags.cluster || flags.rev !== undefined) {
    if (first !== undefined)
      throw new UserError(
        'With --rev or --cluster the stack is chosen by --stack, --config or --sample; name no sides.',
      );
    const stack = loadStack(flags);
    const after = loadedTraffic(stack);
    const { expect = [] } = stack.settings;
    if (flags.rev !== undefined) return { before: revisionTraffic(flags.rev, stackFile(flags)), after, expect };
    const before = await chosenCluster(flags, stack);
    return { before, after: appliedTo(before, after), expect };
  }
  if (first === undefined || second === undefined || more.length > 0) {
    throw new UserError('Name two sides, before and after; or one stack with --rev REVISION or --cluster.');
  }
  return { before: trafficOperand(first, flags), after: trafficOperand(second, flags) };
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
  if (sample !== undefined) throw new UserError('--rev reads a stack file from git; a sample is not one.');
  return config ?? stackFilePath(stack ?? 'dev');
}
