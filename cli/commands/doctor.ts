import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { ClusterError, hasKubeconfig } from '../../cluster/api';
import { labStatus } from '../../cluster/lab';
import { controlPlaneNamespace } from '../../mesh/manifests/control-plane';
import { gatewayNamespace } from '../../mesh/manifests/gateway-workload';
import { renderMesh } from '../../mesh/manifests/mesh';
import type { Release } from '../../mesh/manifests/release';
import type { StackSettings } from '../../mesh/manifests/settings';
import { contextOf, labByDefault } from '../cluster';
import { clusterFacts, unknownFacts } from '../doctor/gather';
import type { ClusterFacts, StackFacts } from '../doctor/facts';
import { localFacts, localNotes } from '../doctor/local';
import { judgeCluster, judgeLocal, reportText } from '../doctor/report';
import { exitCodes, UserError } from '../errors';
import { environmentOf, type LoadedStack, loadStack, stackOptions, type StackChoice } from '../input';

interface DoctorFlags extends StackChoice {
  context?: string;
  kubeconfig?: string;
  json: boolean;
}

/** `meshwright doctor`: finds what is wrong with this machine and a cluster, and how to fix it. */
export function registerDoctor(program: Command): void {
  stackOptions(program.command('doctor'))
    .description(
      'check this machine, and a cluster with its Istio, for known faults, each with its fix; changes nothing',
    )
    .option(
      '--context <name>',
      "kubeconfig context (default: the stack's kubernetes:context; else the lab if it is up and KUBECONFIG is not set; else the current context)",
    )
    .option('--kubeconfig <file>', 'kubeconfig file (default: $KUBECONFIG, else ~/.kube/config)')
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExit codes: 0 no findings, 1 findings, 3 no findings, but some checks could not be run.')
    .action((flags: DoctorFlags) => doctor(flags));
}

async function doctor({ context, kubeconfig, json, ...choice }: DoctorFlags): Promise<void> {
  const { stack, problem, context: ofStack } = readStack(choice);
  if (kubeconfig !== undefined && !existsSync(kubeconfig))
    throw new UserError(`--kubeconfig ${kubeconfig} is not a file.`);
  const named = context ?? ofStack;
  const lab = await labByDefault([named, kubeconfig]);
  const options = {
    ...((kubeconfig ?? lab) === undefined ? {} : { kubeconfig: kubeconfig ?? lab ?? '' }),
    ...(named === undefined ? {} : { context: named }),
  };
  const cluster =
    named === undefined && kubeconfig === undefined && lab === undefined && !hasKubeconfig()
      ? undefined
      : await factsOf(options, stack?.facts);
  const local = await localFacts(stack?.releases ?? [], lab !== undefined || (await isLab(cluster?.server)), problem);
  const results = [...judgeLocal(local), ...(cluster === undefined ? [] : judgeCluster(cluster.facts))];
  const notes = [
    ...localNotes(local),
    ...(cluster === undefined ? ['no kubeconfig and no lab, so only this machine was checked'] : []),
    ...(stack === undefined && problem === '' ? ['no stack file, so rights and charts were not checked'] : []),
  ];
  process.stdout.write(
    json
      ? `${JSON.stringify({ cluster: cluster === undefined ? null : { server: cluster.server, context: cluster.context }, checks: results, notes }, null, 2)}\n`
      : `${reportText(results, notes)}\n`,
  );
  if (results.some(({ findings }) => findings.length > 0)) process.exitCode = exitCodes.findings;
  else if (results.some(({ unknown }) => unknown !== undefined)) process.exitCode = exitCodes.cannotTell;
}

/** Whether KUBECONFIG or a flag names this project's lab. */
async function isLab(server: string | undefined): Promise<boolean> {
  return server !== undefined && server !== '' && (await labStatus()).apiServer.url === server;
}

async function factsOf(
  options: Parameters<typeof clusterFacts>[0],
  stack: StackFacts | undefined,
): Promise<{ server: string; context: string; facts: ClusterFacts }> {
  try {
    return await clusterFacts(options, stack);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return { server: '', context: options.context ?? '', facts: unknownFacts(error.message) };
  }
}

interface StackRead {
  stack?: { facts: StackFacts; releases: readonly Release[] };
  /** Why the stack file is refused; '' otherwise. */
  problem: string;
  context?: string;
}

/** Namespaces of istiod, gateways and routes: an update forwards ports to their pods, and waits for the routes. */
function askedNamespaces({ istio, gateways = {}, routes = {}, proof }: StackSettings): string[] {
  if (proof?.enabled === false || Object.keys(routes).length === 0) return [];
  const ofGateways = Object.values(gateways).map(gatewayNamespace);
  return [...new Set([controlPlaneNamespace(istio), ...ofGateways, ...Object.keys(routes)])];
}

/** The chosen stack file. The default one may be missing: then checks that need it say so. */
function readStack(choice: StackChoice): StackRead {
  const isChosen = Object.values(choice).some((value) => value !== undefined);
  if (!isChosen && !existsSync(environmentOf(choice).origin)) return { problem: '' };
  let loaded: LoadedStack;
  try {
    loaded = loadStack(choice);
  } catch (error) {
    if (!(error instanceof UserError) || error.exitCode !== exitCodes.findings) throw error;
    return { problem: error.message };
  }
  const { settings } = loaded;
  const { releases, objects } = renderMesh(settings);
  const gateways = new Set(Object.keys(settings.gateways ?? {}));
  const context = contextOf(choice, loaded);
  return {
    problem: '',
    ...(context === undefined ? {} : { context }),
    stack: {
      releases,
      facts: {
        releases: releases.map(({ name, namespace }) => ({ namespace, bringsClusterObjects: !gateways.has(name) })),
        objects: objects.map(({ object }) => object),
        asked: askedNamespaces(settings),
        wantedIstio: releases.find(({ chart }) => chart === 'istiod')?.version,
      },
    },
  };
}
