import { writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import { graphDot, graphMermaid } from '../../mesh/traffic/graph/text';
import { changedGraph, observedGraph } from '../../mesh/traffic/graph/overlays';
import { trafficGraph } from '../../mesh/traffic/graph/graph';
import type { TrafficGraph } from '../../mesh/traffic/graph/types';
import { graphPage } from '../../mesh/traffic/graph/page';
import { standaloneSvg, svgRenderer } from '../../mesh/traffic/graph/svg';
import { trafficModel } from '../../mesh/traffic/traffic-model';
import type { TrafficInput } from '../../mesh/traffic';
import { UserError } from '../errors';
import { environmentOf, type ReadFlags, readOptionsFlags, type StackChoice, stackOptions } from '../input';
import { say } from '../output';
import { withShifts } from '../shift/view';
import { hasEnded, type Journal } from '../shift/journal';
import { Store } from '../shift/store';
import { trafficInput, trafficOperand } from '../traffic/input';
import { requestCounts } from '../traffic/prometheus';

const formats = ['svg', 'html', 'mmd', 'dot'] as const;
type Format = (typeof formats)[number];

interface GraphFlags extends StackChoice, ReadFlags {
  output?: string;
  format?: Format;
  diff?: string;
  prometheus?: string;
  window: string;
}

/** `meshwright graph`: gateways, services and versions as a picture. */
export function registerGraph(program: Command): void {
  readOptionsFlags(stackOptions(program.command('graph')))
    .description('draw gateways, services and versions, and the share of requests that goes each way')
    .addArgument(new Argument('[files...]', 'files or folders of Kubernetes objects, instead of a stack; - is stdin'))
    .option('-o, --output <file>', 'output file: .svg, .html, .mmd (Mermaid) or .dot (default: stdout)')
    .addOption(new Option('--format <format>', "the format (default: by the file's ending, else mmd)").choices(formats))
    .option(
      '--diff <old>',
      'colour the changes since this state: a stack file, a file of objects, REVISION:FILE in git, or sample:NAME/STATE',
    )
    .option('--prometheus <url>', 'show the observed shares beside the configured ones, and flag those that differ')
    .option('--window <duration>', 'for --prometheus: how far back to look', '5m')
    .action((files: string[], flags: GraphFlags) => graph(files, flags));
}

async function graph(files: string[], flags: GraphFlags): Promise<void> {
  const format = flags.format ?? formatOf(flags.output);
  const input = trafficInput(flags, files);
  const after = graphOf(input);
  const changed = flags.diff === undefined ? after : changedGraph(graphOf(trafficOperand(flags.diff, flags)), after);
  const shown = flags.prometheus === undefined ? changed : await observed(changed, flags.prometheus, flags.window);
  const drawn = files.length === 0 ? withShifts(shown, runningShifts(flags), Date.now()) : shown;
  const title = `Mesh ${flags.stack ?? flags.config ?? flags.sample ?? (files.join(', ') || 'dev')}`;
  const text = await rendered(drawn, format, title);
  if (flags.output === undefined) {
    process.stdout.write(`${text.trimEnd()}\n`);
    return;
  }
  try {
    writeFileSync(flags.output, `${text.trimEnd()}\n`);
  } catch (error) {
    throw new UserError(`${flags.output} cannot be written: ${(error as Error).message}`);
  }
  say(`${flags.output}: ${shown.nodes.length} nodes, ${shown.edges.length} arrows`);
}

/** The shifts of a stack that have not ended; none for a sample. */
function runningShifts(choice: StackChoice): Journal[] {
  if (choice.sample !== undefined) return [];
  const { name, origin } = environmentOf(choice);
  return new Store(origin, name).journals().filter((journal) => !hasEnded(journal));
}

async function observed(shown: TrafficGraph, prometheus: string, window: string): Promise<TrafficGraph> {
  const counts = await requestCounts(prometheus, window);
  if (typeof counts !== 'string') return observedGraph(shown, counts);
  say(`Prometheus at ${prometheus} does not answer, so no observed shares are shown: ${counts}`);
  return shown;
}

function graphOf({ objects, options }: TrafficInput): TrafficGraph {
  return trafficGraph(trafficModel(objects, options));
}

function formatOf(output: string | undefined): Format {
  if (output === undefined) return 'mmd';
  const ending = extname(output).slice(1);
  const format = formats.find((one) => one === ending);
  if (format === undefined)
    throw new UserError(
      `${output}: unknown file ending; allowed are ${formats.map((one) => `.${one}`).join(', ')}, or --format.`,
    );
  return format;
}

async function rendered(shown: TrafficGraph, format: Format, title: string): Promise<string> {
  if (format === 'dot') return graphDot(shown);
  if (format === 'mmd') return graphMermaid(shown);
  const draw = await svgRenderer();
  return format === 'svg' ? standaloneSvg(draw(shown, title)) : graphPage(shown, title, draw);
}
