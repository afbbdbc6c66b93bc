import { Argument, Option, type Command } from 'commander';
import { levels, type Level } from '../../policy/finding';
import type { CheckOptions } from '../../policy/rule';
import { reportFormats, type ReportFormat } from '../../policy/report/formats';
import { isRefused } from '../../policy/report/report';
import { judge, judgeEach, readOptions } from '../check';
import { exitCodes, UserError } from '../errors';
import { loadStack, readOptionsFlags, stackOptions, type ReadFlags, type StackChoice } from '../input';
import { printable } from '../../mesh/strings';
import { readInput, type ReadInput } from '../objects';

interface CheckFlags extends StackChoice, ReadFlags {
  each: boolean;
  json: boolean;
  format: ReportFormat;
  level: Level;
  options?: string;
}

const formats = Object.keys(reportFormats) as ReportFormat[];

/** `meshwright check`: judges stack files, or any objects, by the rules of the policy pack. */
export function registerCheck(program: Command): void {
  readOptionsFlags(stackOptions(program.command('check')))
    .description('check a stack file, or Kubernetes objects in files and folders; changes nothing')
    .addArgument(
      new Argument(
        '[files...]',
        'files and folders of Kubernetes objects in YAML or JSON, and stack files; - is stdin',
      ),
    )
    .option('--each', 'check each document independently: one line of JSON for each', false)
    .option('--json', 'the same as --format json', false)
    .addOption(new Option('--format <format>', 'format of the report').choices(formats).default('text'))
    .addOption(new Option('--level <level>', 'minimum severity to report').choices([...levels]).default('advisory'))
    .option('--options <file>', 'YAML file with the keys of meshwright:policy, for files of objects')
    .addHelpText(
      'after',
      '\nExit codes: 0 no mandatory findings, 1 mandatory findings, 2 usage or broken input, 3 cannot tell.',
    )
    .action((files: string[], flags: CheckFlags) => check(files, flags));
}

const noFiles: ReadInput = { all: [], objects: [], repeated: [], stackFiles: [], encryptedSecrets: [] };

function check(files: string[], flags: CheckFlags): void {
  const stack = flags.stack ?? flags.config ?? flags.sample;
  if (files.length > 0 && stack !== undefined) throw new UserError('Name either a stack or files, not both.');
  if (files.length === 0 && flags.each)
    throw new UserError('--each checks the documents of files: name some, or - for stdin.');
  const input = files.length === 0 ? noFiles : readInput(files, flags);
  const stacks = files.length === 0 ? [loadStack(flags)] : input.stackFiles.map((config) => loadStack({ config }));
  if (stacks.length > 0 && flags.options !== undefined)
    throw new UserError('--options is for files of objects; a stack file has its own section, meshwright:policy.');
  const options: CheckOptions = flags.options === undefined ? {} : readOptions(flags.options);
  if (!flags.each) {
    const report = judge(input, stacks, options, flags.level);
    process.stdout.write(printable(reportFormats[flags.json ? 'json' : flags.format](report)));
    exitBy(isRefused(report));
    const cannotTell = report.findings.some(({ rule, level }) => rule === 'expect' && level === 'advisory');
    if (cannotTell && !isRefused(report)) process.exitCode = flags.strict ? exitCodes.findings : exitCodes.cannotTell;
    return;
  }
  const judged = judgeEach(input, options, flags.level);
  for (const document of judged) process.stdout.write(`${JSON.stringify(document)}\n`);
  exitBy(judged.some(({ findings }) => isRefused({ findings, undetermined: [] })));
}

function exitBy(refused: boolean): void {
  process.exitCode = refused ? exitCodes.findings : exitCodes.done;
}
