import { Argument, type Command } from 'commander';
import { printable } from '../../mesh/strings';
import { draw, explanation, seededRandom } from '../../mesh/traffic';
import type { RequestClass } from '../../mesh/traffic/classes/classes';
import { ruleWords } from '../../mesh/traffic/diff/diff-text';
import type { Explanation } from '../../mesh/traffic/explanation';
import type { Outcome } from '../../mesh/traffic/outcome';
import { parseHeader, requestTo } from '../../mesh/traffic/request';
import { isNodeAddress, sentRequest } from '../../mesh/traffic/senders';
import { percent } from '../../mesh/traffic/share';
import { trafficModel } from '../../mesh/traffic/traffic-model';
import { destinationWords, failureWords, outcomeWords, placeWords, treatmentWords } from '../../mesh/traffic/words';
import { exitCodes, userError, UserError } from '../errors';
import { type ReadFlags, readOptionsFlags, type StackChoice, stackOptions, wholeNumber } from '../input';
import { table } from '../output';
import { trafficInput } from '../traffic/input';
import { labNodePorts } from '../traffic/lab-node';

interface ExplainFlags extends StackChoice, ReadFlags {
  header: string[];
  method: string;
  from?: string;
  json: boolean;
  draw?: string;
  seed: string;
}

/** `meshwright explain`: how one request is routed, and which classes of requests the host's rules tell apart. */
export function registerExplain(program: Command): void {
  readOptionsFlags(stackOptions(program.command('explain')))
    .description('show how a request is routed: which rule takes it, and its destinations with their probabilities')
    .addArgument(
      new Argument(
        '<request>',
        "[PROTOCOL://]HOST[:PORT][/PATH]; protocols http, https, tcp, tls; localhost:30080/path goes to the gateway's node port",
      ),
    )
    .addArgument(new Argument('[files...]', 'files or folders of Kubernetes objects, instead of a stack; - is stdin'))
    .option(
      '-H, --header <name: value>',
      'a header; may be repeated',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('-X, --method <method>', 'the method', 'GET')
    .option(
      '--from <sender>',
      "the sender: 'gateway NAME', 'workload NAMESPACE/NAME', 'plain NAMESPACE' for a client without sidecar, or a namespace, perhaps with labels: 'shop app=web,tier=front' (default: by the host)",
    )
    .option('--draw <number>', 'simulate this many requests and count their destinations')
    .option('--seed <number>', 'for --draw: the same seed gives the same requests', '1')
    .option('--json', 'as JSON', false)
    .addHelpText(
      'after',
      '\nExit codes: 0 the answer is known, 2 usage or broken input, 3 cannot tell (1 with --strict): the answer depends on something that is not modelled, or not in the input.',
    )
    .action((target: string, files: string[], flags: ExplainFlags) => explain(target, files, flags));
}

async function explain(target: string, files: string[], flags: ExplainFlags): Promise<void> {
  const asked = requestTo(target, flags.method, flags.header.map(parseHeader));
  if (Array.isArray(asked)) throw userError('This is not a request:', asked);
  const draws = flags.draw === undefined ? undefined : wholeNumber('--draw', flags.draw, 1, 1_000_000);
  const seed = wholeNumber('--seed', flags.seed, 0, 4_294_967_295);
  const input = trafficInput(flags, files);
  const traffic = trafficModel(input.objects, input.options, asked);
  const nodePorts = isNodeAddress(asked.host) ? await labNodePorts() : [];
  const sent = sentRequest(traffic, flags.from, asked, nodePorts);
  if (typeof sent === 'string') throw new UserError(`${flags.from === undefined ? '' : '--from: '}${sent}`);
  const { client: from, request } = sent;
  const explained = explanation(traffic, from, request);
  const drawn = draws === undefined ? undefined : draw(explained.outcome, draws, seededRandom(seed));
  const text = flags.json
    ? JSON.stringify(
        { request, from: from.title, ...explained, ...(drawn && { drawn: Object.fromEntries(drawn) }) },
        null,
        2,
      )
    : explainText(from.title, explained, drawn);
  process.stdout.write(`${text}\n`);
  if (explained.unknown.length > 0) process.exitCode = flags.strict ? exitCodes.findings : exitCodes.cannotTell;
}

/**
 * An explanation for people: the outcome in words and as a table, the simulated requests, and the other classes of
 * requests to the host. No trailing newline.
 */
function explainText(
  from: string,
  { outcome, ends, unknown, classes }: Explanation,
  drawn: ReadonlyMap<string, number> | undefined,
): string {
  const lines = [
    ...outcomeLines(from, outcome, unknown),
    ...endLines(outcome, ends),
    ...drawnLines(drawn),
    ...classLines(classes),
  ];
  return printable(lines.join('\n'));
}

function outcomeLines(from: string, outcome: Outcome, unknown: readonly string[]): string[] {
  const { rule, why, destinations = [], path, status } = outcome;
  return [
    `from:  ${from}`,
    `rule:  ${rule === undefined ? 'none' : ruleWords(rule)}`,
    `to:    ${outcome.kind === 'unknown' ? 'unknown' : placeWords(outcome)}`,
    ...(why === undefined ? [] : [`why:   ${outcome.kind === 'noRoute' ? `${status ?? 404}: ` : ''}${why}`]),
    ...(outcome.kind === 'unknown' ? [] : unknown.map((one) => `unknown: ${one}`)),
    ...(path === undefined ? [] : [`path:  ${path}`]),
    ...treatmentWords(outcome).map((words) => `with:  ${words}`),
    ...(destinations.length === 0
      ? []
      : [
          '',
          table(
            ['DESTINATION', 'PORT', 'SHARE', 'EXACT'],
            destinations.map((one) => [
              destinationWords(one),
              String(one.port),
              percent(one.share),
              failureWords(one) || one.share,
            ]),
          ),
        ]),
  ];
}

/** Workloads, if they add information to the destinations. */
function endLines({ destinations = [] }: Outcome, ends: Explanation['ends']): string[] {
  const rows = Object.entries(ends).map(([place, part]) => [place, percent(part)]);
  return destinations.length === 0 || rows.length <= destinations.length ? [] : ['', table(['ENDS AT', 'SHARE'], rows)];
}

function drawnLines(drawn: ReadonlyMap<string, number> | undefined): string[] {
  if (drawn === undefined) return [];
  const draws = [...drawn.values()].reduce((sum, count) => sum + count, 0);
  const rows = [...drawn]
    .sort(([, a], [, b]) => b - a)
    .map(([place, count]) => [place, String(count), percent(`${count}/${draws}`)]);
  return ['', table(['DRAWN', 'REQUESTS', 'SHARE'], rows)];
}

function classLines(classes: readonly RequestClass[]): string[] {
  const [first] = classes;
  if (first === undefined) return [];
  const rows = classes.map(({ who, reachable, outcome }) => [
    reachable === false ? `${who} (never: earlier rules take them all)` : who,
    outcomeWords(outcome),
  ]);
  return ['', table([`REQUESTS TO ${first.host}:${first.port}`, 'GO TO'], rows)];
}
