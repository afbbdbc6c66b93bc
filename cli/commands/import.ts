import { Argument, Option, type Command } from 'commander';
import { stackFilePath } from '../../config/file';
import { existingText, replaceFile } from '../import/files';
import { imported, type Imported } from '../import/import';
import { givenByCluster, givenByFiles, withoutCopies } from '../import/input';
import { intake, type Given, type Intake } from '../import/intake';
import { kindRows, summaryText, type ImportReport } from '../import/report';
import { exitCodes, userError, UserError } from '../errors';
import { printable, say, shellWord } from '../output';

interface ImportFlags {
  stack?: string;
  output?: string;
  context?: string;
  kubeconfig?: string;
  namespace?: string;
  prefer: string[];
  force: boolean;
  waive: boolean;
  check: boolean;
  json: boolean;
  strict: boolean;
}

/** `meshwright import`: Kubernetes objects as a stack file. */
export function registerImport(program: Command): void {
  const repeated = (value: string, all: string[]): string[] => [...all, value];
  program
    .command('import')
    .description('write a stack file from Kubernetes objects that exist, and prove that it makes the same ones')
    .addArgument(new Argument('[paths...]', 'files and folders of Kubernetes objects in YAML or JSON; - is stdin'))
    .addOption(new Option('-s, --stack <name>', 'write Pulumi.<name>.yaml, or add to it').conflicts('output'))
    .option('-o, --output <file>', 'write this stack file, or add to it (default: print it)')
    .option('--context <name>', 'import from a cluster: the kubeconfig context')
    .option('--kubeconfig <file>', 'import from a cluster: the kubeconfig file')
    .option('-n, --namespace <namespace>', 'namespace of objects that name none; of a cluster only this namespace')
    .option(
      '--prefer <copy>',
      'which copy of an object counts that is given several times: first, last, or a file or folder; may be repeated',
      repeated,
      [],
    )
    .option('--force', 'replace what the stack file says of an imported object in another way', false)
    .option('--waive', 'waive the findings on what is imported, with the reason "imported"', false)
    .option('--check', 'write nothing; compare the stack file with the objects', false)
    .option('--json', 'the summary as JSON', false)
    .option('--strict', 'refuse files without Kubernetes objects instead of skipping them', false)
    .addHelpText(
      'after',
      '\nExit codes: 0 imported and proven equal, 1 something differs, or was left out and is lost, or is refused,\n2 usage or broken input (nothing is written), 3 cannot tell.',
    )
    .action((paths: string[], flags: ImportFlags) => run(paths, flags));
}

async function run(paths: string[], flags: ImportFlags): Promise<void> {
  const file = flags.output ?? (flags.stack === undefined ? undefined : stackFilePath(flags.stack));
  refuseContradictions(paths, flags, file);
  const given = await givenObjects(paths, flags);
  progress(`${given.length} objects read; putting them into sections`);
  const taken = withoutCopies(takenIn(given, flags), flags.prefer);
  const text = file === undefined ? undefined : existingText(file);
  if (flags.check && text === undefined)
    throw new UserError(`${file ?? ''}: no such file; --check compares a stack file with objects`);
  const result = imported(taken, { file: file ?? 'the stack file', text, force: flags.force, waive: flags.waive });
  progress('');
  const isChanged = result.text !== text;
  if (file !== undefined && !flags.check && isChanged) replaceFile(file, result.text);
  print(result, taken, flags, file, isChanged);
  process.exitCode = exitCodeOf(result);
}

function progress(line: string): void {
  say.rewrite?.(line);
}

/** @throws UserError for flags that do not go together */
function refuseContradictions(paths: readonly string[], flags: ImportFlags, file: string | undefined): void {
  const isCluster = flags.context !== undefined || flags.kubeconfig !== undefined;
  if (isCluster && paths.length > 0) throw new UserError('Name either files or a cluster, not both.');
  if (!isCluster && paths.length === 0)
    throw new UserError('Name files or folders of Kubernetes objects, or a cluster with --context.');
  if (file === undefined && flags.check)
    throw new UserError('--check compares a stack file: name it with --stack or --output.');
  if (file === undefined && flags.json)
    throw new UserError('With --json the stack file goes into a file: name it with --stack or --output.');
}

async function givenObjects(paths: readonly string[], flags: ImportFlags): Promise<Given[]> {
  if (paths.length > 0) return givenByFiles(paths, flags.strict);
  const { context, kubeconfig, namespace } = flags;
  const choice = { ...(context === undefined ? {} : { context }), ...(kubeconfig === undefined ? {} : { kubeconfig }) };
  return givenByCluster(choice, namespace, (done, all) => progress(`reading kinds: ${done} of ${all}`));
}

/** @throws UserError for objects that no API server takes */
function takenIn(given: readonly Given[], { namespace }: ImportFlags): Intake {
  const taken = intake(given, namespace);
  if (taken.problems.length > 0) throw userError('Broken objects, nothing was written:', taken.problems);
  if (taken.objects.length === 0 && taken.leftOut.length === 0) throw new UserError('No Kubernetes object to import.');
  return taken;
}

function print(
  result: Imported,
  { placed }: Intake,
  flags: ImportFlags,
  file: string | undefined,
  isChanged: boolean,
): void {
  if (flags.json) {
    const { placed: objects, leftOut, upgraded, findings, proof } = result;
    const report: ImportReport = {
      file,
      written: isChanged && !flags.check,
      kinds: kindRows(result),
      objects,
      leftOut,
      upgraded,
      findings: findings.map(({ path, message, line }) => ({
        key: path,
        message,
        ...(line === undefined ? {} : { line }),
      })),
      proof,
    };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  const byDefault =
    placed === 0 || flags.namespace !== undefined
      ? undefined
      : `${placed} objects name no namespace and were taken for those of default; -n sets another one`;
  const summary = summaryText(result, byDefault);
  if (file === undefined) {
    process.stdout.write(printable(result.text));
    say(summary);
    return;
  }
  process.stdout.write(`${printable(summary)}\n`);
  const next = flags.check
    ? `${file}: compared, nothing was written`
    : isChanged
      ? `${file}: written`
      : `${file}: nothing to add`;
  say(`${next}. Next: npx meshwright check --config ${shellWord(file)}`);
}

function exitCodeOf({ leftOut, proof: { differing, missing, traffic } }: Imported): number {
  const isLoss = leftOut.some((one) => one.isLoss);
  if (differing.length + missing.length > 0 || isLoss || traffic === 'changed') return exitCodes.findings;
  return traffic === 'unknown' ? exitCodes.cannotTell : exitCodes.done;
}
