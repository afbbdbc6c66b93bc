import type { Command } from 'commander';
import { labDown, labStatus, labUp, type LabStatus } from '../../cluster/lab';
import { asUserError, exitCodes } from '../errors';
import { stackOptions, type StackChoice } from '../input';
import { say, shellWord, table } from '../output';
import { start } from './start';

/** `meshwright lab up|down|status`: the local control plane that `npm start` deploys to. */
export function registerLab(program: Command): void {
  const lab = program
    .command('lab')
    .description('the local Kubernetes control plane on 127.0.0.1; never touches your kubeconfig or clusters');

  stackOptions(lab.command('up'))
    .description('start what is not running; builds the programs once when they are nowhere to be found')
    .addHelpText('after', '\nWith a stack, it is deployed too, as `meshwright start` does.')
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
    .description('stop it; what it stores stays, unless --purge')
    .option('--purge', 'also remove everything that it stores', false)
    .action(async ({ purge }: { purge: boolean }) => asUserError(labDown({ log: say, purge })));

  lab
    .command('status')
    .description('what runs; exit code 1 when not all of it does')
    .option('--json', 'for programs', false)
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
  const lines = [
    `API server  ${server}`,
    `kubeconfig  ${kubeconfig ?? 'none yet: meshwright lab up'}`,
    ...(proxy === undefined
      ? []
      : [
          `into it     curl --proxy http://<workload>.<namespace>@${proxy.slice('http://'.length)} http://<service>:<port>/`,
        ]),
  ];
  return `${table(['PROCESS', 'STATE', 'PID', 'ADDRESS'], rows)}\n\n${lines.join('\n')}\n`;
}
