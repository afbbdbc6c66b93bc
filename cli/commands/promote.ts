import { existsSync } from 'node:fs';
import { resolve, join } from 'node:path';
import { Argument, type Command } from 'commander';
import { trafficDiff, trafficDiffMarkdown, trafficDiffText, type TrafficInput } from '../../mesh/traffic';
import type { RouteSettings } from '../../mesh/manifests/settings';
import { stackFilePath } from '../../config/file';
import { parseStackText } from '../../config/stack-text';
import { routeKeys, stackValue } from '../../config/edit';
import { RefusedError, UserError } from '../errors';
import { loadStack, repeated } from '../input';
import { duration } from '../shift/flags';
import { historyOf } from '../shift/history';
import { readJson, Store, writeAtomically } from '../shift/store';
import { promotionMarkdown, promotionOf, promotionText } from '../shift/promotion';
import { problemsOf, readStackFile, writeStackFile } from '../shift/run';
import { loadedTraffic } from '../traffic/input';

interface PromoteFlags {
  route?: string[];
  maxAge: string;
  dryRun?: boolean;
  pr?: string | true;
  json: boolean;
}

/** `meshwright promote`: moves proven routing from one environment's stack file to another's. */
export function registerPromote(program: Command): void {
  program
    .command('promote')
    .description(
      "move routing that is proven live from one stack file to another; hosts, secrets and the environment's own keys stay",
    )
    .addArgument(new Argument('<source>', 'the stack whose routing was proven, e.g. dev'))
    .addArgument(new Argument('<target>', 'the stack whose file is edited, e.g. staging'))
    .option('--route <route>', 'only this route, NAMESPACE/SERVICE; may be repeated', repeated)
    .option('--max-age <duration>', 'how old the proof may be', '24h')
    .option('--dry-run', 'show the difference and write nothing')
    .option('--pr [file]', 'write Markdown for a pull request to a file, or to stdout')
    .option('--json', 'print JSON', false)
    .action((source: string, target: string, flags: PromoteFlags) => promote(source, target, flags));
}

function promote(source: string, target: string, flags: PromoteFlags): void {
  for (const stack of [source, target]) loadStack({ stack });
  const [sourceFile, targetFile] = [resolve(stackFilePath(source)), resolve(stackFilePath(target))];
  const [from, to] = [new Store(sourceFile, source), new Store(targetFile, target)];
  const baseFile = join(to.folder, 'promoted.json');
  const bases = existsSync(baseFile) ? (readJson(baseFile) as Record<string, RouteSettings>) : {};
  const before = readStackFile(targetFile);
  const promotion = promotionOf({
    source: readStackFile(sourceFile),
    target: before,
    routes: flags.route,
    deployed: (route) => historyOf(from, route),
    base: (route) => bases[route],
    maxAgeMs: duration('--max-age', flags.maxAge) ?? 0,
    now: Date.now(),
  });
  const { moves, kept, refused, text } = promotion;
  const diff = trafficDiff(...objectsOf(before, targetFile, text));
  if (flags.json) process.stdout.write(`${JSON.stringify({ moves, kept, refused })}\n`);
  else if (flags.pr === true)
    process.stdout.write(promotionMarkdown(source, target, promotion, trafficDiffMarkdown(diff)));
  else if (moves.length === 0 && kept.length === 0) process.stdout.write(`${target} has the routing of ${source}.\n`);
  else process.stdout.write(`${promotionText(promotion)}\n\nTraffic\n${trafficDiffText(diff)}\n`);
  if (refused.length > 0)
    throw new RefusedError(['Nothing is promoted:', ...refused.map((line) => `  ${line}`)].join('\n'));
  if (flags.dryRun === true || moves.length === 0) return;
  const problems = problemsOf(text, targetFile);
  if (problems !== '') throw new RefusedError(`Nothing is promoted, as ${targetFile} would be refused:\n${problems}`);
  writeStackFile(targetFile, text);
  const moved = [...new Set(moves.map(({ route }) => route))];
  const now = moved.map((route) => [route, stackValue(text, routeKeys(route))] as const);
  writeAtomically(baseFile, `${JSON.stringify({ ...bases, ...Object.fromEntries(now) }, null, 2)}\n`);
  if (typeof flags.pr === 'string')
    writeAtomically(flags.pr, promotionMarkdown(source, target, promotion, trafficDiffMarkdown(diff)));
}

function objectsOf(before: string, file: string, after: string): [TrafficInput['objects'], TrafficInput['objects']] {
  const read = (text: string): TrafficInput['objects'] => {
    const parsed = parseStackText(text, file);
    if ('problems' in parsed) throw new UserError(`${file} is not valid after the promotion.`);
    return loadedTraffic(parsed).objects;
  };
  return [read(before), read(after)];
}
