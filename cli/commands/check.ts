import { Argument, Option, type Command } from 'commander';
import { levels, type Level } from '../../policy/finding';
import type { CheckOptions } from '../../policy/options';
import { reportFormats, type ReportFormat } from '../../policy/report/formats';
import { isRefused, type SourcedReport } from '../../policy/report/report';
import { judgeEach, judgeFiles, judgeStack, readOptions } from '../check';
import { exitCodes, UserError } from '../errors';
import { loadStack, stackOptions, type StackChoice } from '../input';
import { readObjects } from '../objects';

interface CheckFlags extends StackChoice {
  each: boolean;
  json: boolean;
  format: ReportFormat;
  level: Level;
  options?: string;
}

const formats = Object.keys(reportFormats) as ReportFormat[];

/** `meshwright check`: judges a stack file, or any objects, by the rules that the policy pack has. */
export function registerCheck(program: Command): void {
  stackOptions(program.command('check'))
    .description('judge a stack file, or Kubernetes objects in files; changes nothing')
    .addArgument(new Argument('[files...]', 'YAML or JSON, several documents to a file, Lists; - is stdin'))
    .option('--each', 'judge every document alone: one line of JSON for each', false)
    .option('--json', 'the same as --format json', false)
    .addOption(new Option('--format <format>', 'how to write the report').choices(formats).default('text'))
    .addOption(new Option('--level <level>', 'the lowest level to tell of').choices([...levels]).default('advisory'))
    .option('--options <file>', 'YAML with the keys of meshwright:policy, for judging files')
    .addHelpText('after', '\nExit codes: 0 nothing mandatory was found, 1 something was, 2 usage or broken input.')
    .action((files: string[], flags: CheckFlags) => check(files, flags));
}

function check(files: string[], flags: CheckFlags): void {
  const stack = flags.stack ?? flags.config ?? flags.sample;
  if (files.length > 0 && stack !== undefined) {
    throw new UserError('Name either a stack or files, not both.');
  }
  if (files.length === 0 && flags.each)
    throw new UserError('--each judges the documents of files; name some, or - for stdin.');
  if (files.length === 0 && flags.options !== undefined) {
    throw new UserError('--options is for judging files; a stack file has its own section, meshwright:policy.');
  }
  if (files.length === 0) {
    voice(judgeStack(loadStack(flags), flags.level), flags);
    return;
  }
  const options: CheckOptions = flags.options === undefined ? {} : readOptions(flags.options);
  const objects = readObjects(files);
  if (!flags.each) {
    voice(judgeFiles(objects, options, flags.level), flags);
    return;
  }
  const judged = judgeEach(objects, options, flags.level);
  for (const document of judged) process.stdout.write(`${JSON.stringify(document)}\n`);
  exitBy(judged.some(({ findings }) => isRefused({ findings, undetermined: [] })));
}

function voice(report: SourcedReport, { json, format }: CheckFlags): void {
  process.stdout.write(reportFormats[json ? 'json' : format](report));
  exitBy(isRefused(report));
}

function exitBy(refused: boolean): void {
  process.exitCode = refused ? exitCodes.findings : exitCodes.done;
}
