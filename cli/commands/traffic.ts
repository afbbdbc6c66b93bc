import { Argument, type Command } from 'commander';
import { parseHeader } from '../../mesh/traffic/request';
import { userError, UserError } from '../errors';
import { loadStack, repeated, stackOptions, type StackChoice, wholeNumber } from '../input';
import { say } from '../output';
import { nodeAddress } from '../traffic/lab-node';
import { labIsDown, observe } from '../traffic/observe';
import { exitCodeOf, observationText } from '../traffic/tally';
import { isSendable, type TrialChoice } from '../traffic/kinds';

interface TrafficFlags extends StackChoice {
  requests: string;
  timeout: string;
  header?: string[];
  path?: string;
  from?: string;
  method?: string;
  json: boolean;
}

/** `meshwright traffic`: sends requests on the lab, and compares the observed shares with the configured ones. */
export function registerTraffic(program: Command): void {
  stackOptions(program.command('traffic'))
    .description('send requests on the lab, and compare observed with configured shares')
    .addArgument(
      new Argument(
        '[route]',
        'a route or a service: NAMESPACE/SERVICE, or SERVICE if only one has that name (default: every route that splits its requests)',
      ),
    )
    .option('-n, --requests <number>', 'number of requests of each kind', '200')
    .option('--timeout <seconds>', 'stop after this time, even if fewer requests were sent', '60')
    .option(
      '-H, --header <name: value>',
      'a header; may be repeated (default: an example of each class of requests that the route distinguishes)',
      repeated,
    )
    .option('--path <path>', 'the path (default: one that the route matches)')
    .option('-X, --method <method>', 'the method (default: "GET")')
    .option('--from <workload.namespace>', 'the sender, for routes in the mesh (default: a pod of the namespace)')
    .option('--json', 'as JSON', false)
    .addHelpText(
      'after',
      '\nExit codes: 0 observed shares are within the 99.9 % bound, 1 some are not, or requests failed although no rule makes them fail,\n2 usage, broken input or no lab, 3 cannot tell.',
    )
    .action((route: string | undefined, flags: TrafficFlags) => traffic(route, flags));
}

/** Methods that an HTTP client can send as a plain request. */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

async function traffic(route: string | undefined, flags: TrafficFlags): Promise<void> {
  const { requests, seconds, given } = checked(flags);
  const choice: TrialChoice = {
    ...(route === undefined ? {} : { route }),
    ...(flags.from === undefined ? {} : { from: flags.from }),
    ...given,
  };
  const { settings } = loadStack(flags);
  const lab = await nodeAddress();
  if (lab === undefined) throw new UserError(labIsDown);
  const observations = await observe(lab, settings, { choice, requests, milliseconds: seconds * 1000, log: say });
  const text = flags.json
    ? JSON.stringify({ routes: observations }, null, 2)
    : observations.map((one) => observationText(one, seconds)).join('\n\n');
  process.stdout.write(`${text}\n`);
  process.exitCode = exitCodeOf(observations);
}

/** @throws UserError listing all that is wrong with the flags */
function checked({ requests, timeout, header = [], path, method }: TrafficFlags): {
  requests: number;
  seconds: number;
  given: Pick<TrialChoice, 'headers' | 'path' | 'method'>;
} {
  const count = wholeNumber('--requests', requests, 1, 100_000);
  const seconds = wholeNumber('--timeout', timeout, 1, 3600);
  const headers = header.map(parseHeader);
  const problems = [
    ...headers.flatMap((parsed) => (typeof parsed === 'string' ? [parsed] : whyUnsendable(parsed))),
    ...(path === undefined || /^\/[\x21-\x7e]*$/.test(path)
      ? []
      : [`path ${JSON.stringify(path)}; a path begins with / and has no blanks`]),
    ...(method === undefined || methods.includes(method.toUpperCase())
      ? []
      : [`method ${JSON.stringify(method)}; allowed are ${methods.join(', ')}`]),
  ];
  if (problems.length > 0) throw userError('This is not a request:', problems);
  return {
    requests: count,
    seconds,
    given: {
      ...(header.length === 0
        ? {}
        : { headers: Object.fromEntries(headers.filter((parsed) => typeof parsed !== 'string')) }),
      ...(path === undefined ? {} : { path }),
      ...(method === undefined ? {} : { method: method.toUpperCase() }),
    },
  };
}

/** Headers about the connection, which the HTTP client sets itself. */
const ofConnection = ['connection', 'content-length', 'expect', 'proxy-authorization', 'transfer-encoding', 'upgrade'];

function whyUnsendable([name, value]: [string, string]): string[] {
  if (name.startsWith(':')) return [`header ${name}; use --method, --path or the header host instead of it`];
  if (ofConnection.includes(name))
    return [`header ${name}; it is about the connection, and the command sets it itself`];
  return isSendable({ [name]: value })
    ? []
    : [`header ${name}: ${JSON.stringify(value)} has characters that no header may have`];
}
