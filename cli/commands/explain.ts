import { Argument, type Command } from 'commander';
import { entryClasses, type RequestClass } from '../../traffic/classes/classes';
import { entries } from '../../traffic/classes/entries';
import { draw, seededRandom } from '../../traffic/draw';
import { ruleWords } from '../../traffic/diff/diff-text';
import type { Outcome } from '../../traffic/outcome';
import type { Request } from '../../traffic/request';
import { route, trafficModel } from '../../traffic/route';
import { percent } from '../../traffic/share';
import type { TrafficModel } from '../../traffic/traffic-model';
import { destinationWords, outcomeWords, placeWords, treatmentWords } from '../../traffic/words';
import { stackOptions, type StackChoice } from '../input';
import { table } from '../table';
import { trafficInput } from '../traffic/input';
import { parseRequest, wholeNumber, type RequestFlags } from '../traffic/request';
import { sender, type Sender } from '../traffic/sender';

interface ExplainFlags extends StackChoice, RequestFlags {
  from?: string;
  json: boolean;
  draw?: string;
  seed: string;
}

/** `meshwright explain`: what becomes of one request, and what the host's rules tell apart. */
export function registerExplain(program: Command): void {
  stackOptions(program.command('explain'))
    .description('say what becomes of a request: which rule takes it, where it goes and with what chance')
    .addArgument(new Argument('<request>', '[PROTOCOL://]HOST[:PORT][/PATH]; protocols http, https, tcp, tls'))
    .addArgument(new Argument('[files...]', 'Kubernetes objects in YAML or JSON, in place of a stack; - is stdin'))
    .option(
      '-H, --header <name: value>',
      'a header; may be repeated',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('-X, --method <method>', 'the method', 'GET')
    .option(
      '--from <sender>',
      "who asks: 'gateway NAME', 'workload NAMESPACE/NAME', or a namespace (default: by the host)",
    )
    .option('--draw <number>', 'draw that many requests and count where they end')
    .option('--seed <number>', 'for --draw: the same seed draws the same requests', '1')
    .option('--json', 'as JSON', false)
    .action((target: string, files: string[], flags: ExplainFlags) => explain(target, files, flags));
}

function explain(target: string, files: string[], flags: ExplainFlags): void {
  const request = parseRequest(target, flags);
  const draws = flags.draw === undefined ? undefined : wholeNumber('--draw', flags.draw, 1, 1_000_000);
  const seed = wholeNumber('--seed', flags.seed, 0, 4_294_967_295);
  const input = trafficInput(flags, files);
  const traffic = trafficModel(input.objects, input.options);
  const from = sender(traffic, flags.from, request.host);
  const outcome = route(traffic, from.proxy, request);
  const drawn = draws === undefined ? undefined : draw(outcome, draws, seededRandom(seed));
  const classes = hostClasses(traffic, from, request, outcome);
  if (flags.json) {
    const result = { request, from: from.title, outcome, classes, ...(drawn && { drawn: Object.fromEntries(drawn) }) };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  process.stdout.write(
    `${[...outcomeLines(from, outcome), ...drawnLines(drawn, draws ?? 0), ...classLines(classes)].join('\n')}\n`,
  );
}

/** The classes of the table entry that the request met; none when it met none. */
function hostClasses(
  traffic: TrafficModel,
  { title, proxy }: Sender,
  request: Request,
  outcome: Outcome,
): RequestClass[] {
  const rule = JSON.stringify(outcome.rule);
  const host = traffic.mesh.resolveHost(request.host, proxy.namespace);
  const candidates = [...entries(traffic).values()].filter(
    (entry) => entry.client.proxy.type === proxy.type && entry.port === request.port,
  );
  const ofHost = candidates.filter((entry) => entry.host === host || entry.host.startsWith(`${host}.svc.`));
  const ofRule = candidates.filter((entry) =>
    entry.routes.some((one) => one.rule && JSON.stringify(one.rule) === rule),
  );
  const met = ofHost.length > 0 ? ofHost : ofRule;
  const entry = met.find(({ client }) => client.title === title) ?? met[0];
  return entry === undefined ? [] : entryClasses(entry);
}

function outcomeLines({ title }: Sender, outcome: Outcome): string[] {
  const { rule, why, destinations = [], path, status } = outcome;
  return [
    `from:  ${title}`,
    `rule:  ${rule === undefined ? 'none' : ruleWords(rule)}`,
    `to:    ${placeWords(outcome)}`,
    ...(why === undefined ? [] : [`why:   ${outcome.kind === 'noRoute' ? `${status ?? 404}: ` : ''}${why}`]),
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
              one.missing === undefined ? one.share : `503: ${one.missing}`,
            ]),
          ),
        ]),
  ];
}

function drawnLines(drawn: Map<string, number> | undefined, draws: number): string[] {
  if (drawn === undefined) return [];
  const rows = [...drawn]
    .sort(([, a], [, b]) => b - a)
    .map(([place, count]) => [place, String(count), percent(`${count}/${draws}`)]);
  return ['', table(['DRAWN', 'REQUESTS', 'SHARE'], rows)];
}

function classLines(classes: readonly RequestClass[]): string[] {
  if (classes.length === 0) return [];
  const rows = classes.map(({ who, reachable, outcome }) => [
    reachable === false ? `${who} (never: earlier rules take them all)` : who,
    outcomeWords(outcome),
  ]);
  return ['', table([`WHO ASKS ${classes[0]?.host ?? ''}:${classes[0]?.port ?? ''}`, 'GOES TO'], rows)];
}
