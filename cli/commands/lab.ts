import type { Command } from 'commander';
import { labDown, labStatus, labUp, type LabStatus } from '../../cluster/lab';
import { asUserError, exitCodes } from '../errors';
import { stackOptions, type StackChoice } from '../input';
import { say, shellWord, table } from '../output';
import { start } from './start';

const egressHelp = `
Requests into the lab's cluster:
  curl --proxy http://WORKLOAD.NAMESPACE@127.0.0.1:PORT http://SERVICE.NAMESPACE:SERVICE_PORT/

  The lab has an HTTP proxy on 127.0.0.1; \`meshwright lab status\` prints its address. The user before the @ is the sender: a
  workload or a pod. Its request goes through its sidecar, as the request of an application does. Without a user the sender is a client outside the mesh.`;

/** `meshwright lab up|down|status`: the cluster on this machine that `npm start` deploys to. */
export function registerLab(program: Command): void {
  const lab = program
    .command('lab')
    .description(
      'a Kubernetes cluster on 127.0.0.1 with real istiod and Envoys; your kubeconfig and clusters stay untouched',
    )
    .addHelpText('after', egressHelp);

  stackOptions(lab.command('up'))
    .description('start the processes that are not running, and build missing programs first')
    .addHelpText('after', '\nWith a stack, also deploys it, like `meshwright start`.')
    .action(async (choice: StackChoice) => {
      if (choice.stack !== undefined || choice.config !== undefined || choice.sample !== undefined) {
        await start(choice);
        return;
      }
      const up = await asUserError(labUp({ log: say }));
      process.stdout.write(
        `${up.server} is up, Kubernetes ${up.version}\n\n  export KUBECONFIG=${shellWord(up.kubeconfig)}\n  ${shellWord(up.kubectl)} get nodes\n`,
      );
    });

  lab
    .command('down')
    .description('stop its processes and keep its data')
    .option('--purge', 'also remove its data and all stacks on it', false)
    .action(async ({ purge }: { purge: boolean }) => asUserError(labDown({ log: say, purge })));

  lab
    .command('status')
    .description('show its processes; exit code 1 if one is not running')
    .option('--json', 'print JSON', false)
    .action(async ({ json }: { json: boolean }) => {
      const status = await asUserError(labStatus());
      process.stdout.write(json ? `${JSON.stringify(status, null, 2)}\n` : statusText(status));
      if (!status.apiServer.reachable || status.processes.some(({ running }) => !running))
        process.exitCode = exitCodes.findings;
    });
}

function statusText({ processes, apiServer, kubeconfig, proxy }: LabStatus): string {
  const rows = processes.map(({ name, running, pid, port }) => [
    name,
    running ? 'running' : 'stopped',
    String(pid ?? ''),
    port === undefined ? '' : `127.0.0.1:${port}`,
  ]);
  const server = apiServer.reachable ? `${apiServer.url ?? ''} Kubernetes ${apiServer.version ?? ''}` : 'not reachable';
  const example = `curl --proxy http://<workload>.<namespace>@${proxy?.slice('http://'.length) ?? ''} http://<service>:<port>/`;
  const lines = [
    `API server  ${server}`,
    `kubeconfig  ${kubeconfig ?? 'none yet: meshwright lab up'}`,
    ...(proxy === undefined ? [] : [`HTTP proxy  ${example}`]),
  ];
  return `${table(['PROCESS', 'STATE', 'PID', 'ADDRESS'], rows)}\n\n${lines.join('\n')}\n`;
}
