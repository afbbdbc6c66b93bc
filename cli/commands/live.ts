import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { Argument, Option, type Command } from 'commander';
import {
  ClusterError,
  MeshView,
  addressPattern,
  addressRule,
  proxyNamePattern,
  proxyNameRule,
  type MeshViewOptions,
} from '../../cluster/proxies';
import { UserError, exitCodes } from '../errors';
import { environmentOf, repeated, stackOptions, type StackChoice } from '../input';
import { isProven, liveRoutes, liveText } from '../live/routes';
import { liveServer } from '../live/server';
import { say } from '../output';
import { recordLive } from '../shift/history';
import { Store } from '../shift/store';

interface LiveFlags extends StackChoice {
  context?: string;
  istiod?: string[];
  proxy?: string[];
  listen?: string;
  json: boolean;
}

/** `meshwright live`: compares the configured routes with the API server and the proxies. */
export function registerLive(program: Command): void {
  stackOptions(program.command('live'))
    .description(
      'compare the configured routes with the API server and with what each proxy serves; exit code 1 when they differ, 3 when no proxy has a route',
    )
    .addArgument(
      new Argument('[route]', 'NAMESPACE/SERVICE, or SERVICE if only one has that name (default: every route)'),
    )
    .option(
      '--context <name>',
      "kubeconfig context (default: the stack's kubernetes:context; else the lab if it is up and KUBECONFIG is not set; else the current context)",
    )
    .option(
      '--istiod <host[:port]>',
      'address of an istiod; may be repeated (default: port-forwards to the istiod pods)',
      repeated,
    )
    .option(
      '--proxy <name=host[:port]>',
      "admin address of a proxy, e.g. edge-0.shop=127.0.0.1:15000; may be repeated (default: port-forwards to the proxies' pods)",
      repeated,
    )
    .addOption(
      new Option(
        '--listen <host:port>',
        "answer Flagger's webhooks at this address: 200 if the route of the canary is live, else 503",
      ).conflicts('json'),
    )
    .option('--json', 'print JSON', false)
    .action((route: string | undefined, flags: LiveFlags) => live(route, flags));
}

async function live(
  route: string | undefined,
  { context, istiod, proxy = [], listen, json, ...choice }: LiveFlags,
): Promise<void> {
  const options: MeshViewOptions = {
    ...(context === undefined ? {} : { context }),
    ...(istiod === undefined ? {} : { istiod }),
    proxies: Object.fromEntries(proxy.map(proxyAddress)),
  };
  for (const address of istiod ?? []) refuseAddress('--istiod', address, address);
  const check = async (name: string | undefined): ReturnType<typeof liveRoutes> => {
    const routes = await liveRoutes(choice, name, options, (view) => new MeshView(view));
    rememberLive(choice, routes);
    return routes;
  };
  if (listen !== undefined) {
    if (route !== undefined) throw new UserError('--listen answers for every route; leave the name out.');
    await serve(listen, check);
    return;
  }
  const routes = await asUserError(check(route));
  process.stdout.write(json ? `${JSON.stringify({ routes }, null, 2)}\n` : `${routes.map(liveText).join('\n\n')}\n`);
  if (routes.some(({ live: is }) => !is)) process.exitCode = exitCodes.findings;
  else if (!routes.every(isProven)) process.exitCode = exitCodes.cannotTell;
}

/** Answers webhooks until the process is ended. */
async function serve(address: string, check: (route: string) => ReturnType<typeof liveRoutes>): Promise<void> {
  const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(address) ?? [];
  if (host === '' || Number(port) > 65_535)
    throw new UserError(`--listen ${address}: write HOST:PORT, e.g. 0.0.0.0:8080.`);
  const server = liveServer(check).listen(Number(port), host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new UserError(`--listen ${address}: ${(error as Error).message}`);
  }
  const { port: opened } = server.address() as AddressInfo;
  say(`listening on http://${host}:${opened}`);
  await once(server, 'close');
}

/** Renews the proof that `promote` asks for. A folder that cannot be written does not fail the check. */
function rememberLive(choice: StackChoice, routes: Awaited<ReturnType<typeof liveRoutes>>): void {
  if (choice.sample !== undefined) return;
  const { name, origin } = environmentOf(choice);
  const proven = routes.filter((one) => isProven(one) && one.weightsOwnedBy === undefined);
  try {
    recordLive(
      new Store(origin, name),
      readFileSync(origin, 'utf8'),
      proven.map(({ route }) => route),
      Date.now(),
    );
  } catch (error) {
    say(`warning: the proof is not recorded: ${(error as Error).message}`);
  }
}

function proxyAddress(text: string): [string, string] {
  const [name = '', address, ...more] = text.split('=');
  if (address === undefined || more.length > 0) {
    throw new UserError(`--proxy ${text}: write NAME=HOST[:PORT] with the name as <pod>.<namespace>.`);
  }
  if (!proxyNamePattern.test(name)) throw new UserError(`--proxy ${text}: ${name} ${proxyNameRule}.`);
  refuseAddress('--proxy', text, address);
  return [name, address];
}

function refuseAddress(flag: string, text: string, address: string): void {
  if (!addressPattern.test(address)) throw new UserError(`${flag} ${text}: ${addressRule}.`);
}

async function asUserError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ClusterError) throw new UserError(`${problems[error.problem]}: ${error.message}`);
    throw error;
  }
}

const problems: Record<ClusterError['problem'], string> = {
  unreachable: 'istiod cannot be reached',
  forbidden: 'Not allowed',
  'no-istio': 'No Istio in this cluster',
  'no-cluster': 'The cluster cannot be reached',
  refused: 'The cluster refuses the request',
};
