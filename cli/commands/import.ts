import { Argument, Option, type Command } from 'commander';
import { stackFilePath } from '../../config/file';
import { withTools } from '../import/from-tools';
import { repeated } from '../input';
import { existingText, replaceFile } from '../files';
import { imported, together, type Imported } from '../import/import';
import { splitByNamespace, type Part } from '../import/split';
import { givenByCluster, givenByFiles, withoutCopies } from '../import/input';
import { intake, type Given, type Intake } from '../import/intake';
import { kindRows, summaryText, type ImportReport, type Summary } from '../import/report';
import { exitCodes, userError, UserError } from '../errors';
import { printable } from '../../mesh/strings';
import { say, shellWord } from '../output';

interface ImportFlags {
  stack?: string;
  output?: string;
  context?: string;
  kubeconfig?: string;
  namespace?: string;
  prefer: string[];
  force: boolean;
  waive: boolean;
  splitBy?: 'namespace';
  weights: 'keep' | 'take';
  convert: boolean;
  check: boolean;
  json: boolean;
  strict: boolean;
}

/** `meshwright import`: Kubernetes objects as a stack file. */
export function registerImport(program: Command): void {
  program
    .command('import')
    .description('write a stack file from existing Kubernetes objects, and prove that it makes the same objects')
    .addArgument(new Argument('[paths...]', 'files and folders of Kubernetes objects in YAML or JSON; - is stdin'))
    .addOption(new Option('-s, --stack <name>', 'write Pulumi.<name>.yaml, or add to it').conflicts('output'))
    .option('-o, --output <file>', 'write this stack file, or add to it (default: print it)')
    .option('--context <name>', 'import from a cluster: the kubeconfig context')
    .option('--kubeconfig <file>', 'import from a cluster: the kubeconfig file')
    .option('-n, --namespace <namespace>', 'namespace of objects that name none; of a cluster only this namespace')
    .option(
      '--prefer <copy>',
      'which of several copies of an object to use: first, last, or a file or folder; may be repeated',
      repeated,
      [],
    )
    .option('--force', 'replace entries of the stack file that differ from an imported object', false)
    .option('--waive', 'waive the findings on imported objects, with the reason "imported"', false)
    .addOption(
      new Option(
        '--split-by <what>',
        'one stack for the platform, and one for the routes of each namespace: Pulumi.<name>-<namespace>.yaml',
      ).choices(['namespace']),
    )
    .addOption(
      new Option(
        '--weights <whose>',
        'weights that Flagger or Argo Rollouts sets: keep = they still set them, take = the stack sets them',
      )
        .choices(['keep', 'take'])
        .default('keep'),
    )
    .option('--convert', "turn HTTPRoutes and Gateways of the Gateway API, and Ingresses, into Istio's objects", false)
    .option('--check', 'write nothing; compare the stack file with the objects', false)
    .option('--json', 'print the summary as JSON', false)
    .option('--strict', 'refuse files without Kubernetes objects instead of skipping them', false)
    .addHelpText(
      'after',
      '\nExit codes: 0 imported and proven equal; 1 an object differs, is lost or is refused;\n2 usage or broken input, nothing is written; 3 cannot tell.',
    )
    .action((paths: string[], flags: ImportFlags) => run(paths, flags));
}

async function run(paths: string[], flags: ImportFlags): Promise<void> {
  const file = flags.output ?? (flags.stack === undefined ? undefined : stackFilePath(flags.stack));
  refuseContradictions(paths, flags, file);
  const given = await givenObjects(paths, flags);
  progress(`${given.length} objects read; putting them into sections`);
  const { weights, convert } = flags;
  const unique = withoutCopies(takenIn(given, flags), flags.prefer);
  const taken = withTools(unique, { weights, routes: convert ? 'convert' : 'keep' });
  const parts = flags.splitBy === undefined ? [{ intake: taken, hosts: [] }] : splitByNamespace(taken);
  const results = parts.map((part, index): Result => {
    if (parts.length > 1) progress(`stack ${index + 1} of ${parts.length}`);
    return resultOf(part, fileOf(file, part), flags);
  });
  progress('');
  for (const { file: target, isChanged, imported: one } of results)
    if (target !== undefined && isChanged && !flags.check) replaceFile(target, one.text);
  const [only] = results;
  const all = results.map((result) => result.imported);
  const summary =
    only !== undefined && all.length === 1
      ? only.imported
      : together(
          all,
          taken.objects.map(({ object }) => object),
        );
  print(summary, results, taken, flags);
  process.exitCode = exitCodeOf(summary);
}

interface Result {
  /** Undefined if the stack file is printed. */
  file: string | undefined;
  imported: Imported;
  isChanged: boolean;
}

/** `Pulumi.prod.yaml` for the platform, `Pulumi.prod-shop.yaml` for the namespace shop. */
function fileOf(file: string | undefined, { namespace }: Part): string | undefined {
  return namespace === undefined ? file : file?.replace(/(\.ya?ml)?$/, `-${namespace}$1`);
}

function resultOf({ intake: taken, hosts }: Part, file: string | undefined, flags: ImportFlags): Result {
  const text = file === undefined ? undefined : existingText(file);
  if (flags.check && text === undefined)
    throw new UserError(`${file ?? ''}: no such file; --check compares a stack file with objects`);
  const { force, waive } = flags;
  const one = imported(taken, { file: file ?? 'the stack file', text, force, waive, hosts });
  return { file, imported: one, isChanged: one.text !== text };
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
  if (file === undefined && flags.splitBy !== undefined)
    throw new UserError('--split-by writes several stack files: name the first with --stack or --output.');
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

function print(summary: Summary, results: readonly Result[], { placed }: Intake, flags: ImportFlags): void {
  const files = results.flatMap(({ file, isChanged }) =>
    file === undefined ? [] : [{ file, written: isChanged && !flags.check }],
  );
  if (flags.json) {
    const { placed: objects, leftOut, upgraded, findings, advice, proof } = summary;
    const report: ImportReport = {
      files,
      kinds: kindRows(summary),
      objects,
      leftOut,
      upgraded,
      findings: findings.map(({ path, message, line }) => ({
        key: path,
        message,
        ...(line === undefined ? {} : { line }),
      })),
      advice,
      proof,
    };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  const byDefault =
    placed === 0 || flags.namespace !== undefined
      ? undefined
      : `${placed} ${placed === 1 ? 'object names' : 'objects name'} no namespace: default is used; -n sets another one`;
  const text = summaryText(summary, byDefault);
  if (files.length === 0) {
    for (const { imported: one } of results) process.stdout.write(printable(one.text));
    say(text);
    return;
  }
  process.stdout.write(`${printable(text)}\n`);
  const done = flags.check ? 'compared, nothing was written' : 'nothing to add';
  for (const { file, written } of files) say(`${file}: ${written ? 'written' : done}`);
  say(`Next: npx meshwright check --config ${shellWord(files[0]?.file ?? '')}`);
}

function exitCodeOf({ leftOut, proof: { differing, missing, traffic } }: Summary): number {
  const isLoss = leftOut.some((one) => one.isLoss);
  if (differing.length + missing.length > 0 || isLoss || traffic === 'changed') return exitCodes.findings;
  return traffic === 'unknown' ? exitCodes.cannotTell : exitCodes.done;
}
