import type { Command } from 'commander';
import { LabError, labDown, labStatus, labUp, type LabStatus } from '../../lab';
import { exitCodes, UserError } from '../errors';
import { say } from '../output';
import { table } from '../table';

/** `meshwright lab up|down|status`: the local control plane that `npm start` deploys to. */
export function registerLab(program: Command): void {
  const lab = program
    .command('lab')
    .description('the local Kubernetes control plane on 127.0.0.1; never touches your kubeconfig or clusters');

  lab
    .command('up')
    .description('start what is not running; builds the programs once when they are nowhere to be found')
    .option('--admission-webhooks', 'let the API server call admission webhooks (needs an istiod that answers)', false)
    .action(async ({ admissionWebhooks }: { admissionWebhooks: boolean }) => {
      const up = await asUserError(labUp({ log: say, admissionWebhooks }));
      process.stdout.write(
        `${up.server} is up, Kubernetes ${up.version}\n\n  export KUBECONFIG=${up.kubeconfig}\n  ${up.kubectl} get nodes\n`,
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

/** What the lab complains about is for the user to put right, so it is shown without a stack trace. */
export async function asUserError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof LabError) throw new UserError(error.message);
    throw error;
  }
}

function statusText({ processes, apiServer, kubeconfig }: LabStatus): string {
  const rows = processes.map(({ name, running, pid, port }) => [
    name,
    running ? 'running' : 'stopped',
    String(pid ?? ''),
    port === undefined ? '' : `127.0.0.1:${port}`,
  ]);
  const server = apiServer.reachable ? `${apiServer.url ?? ''} Kubernetes ${apiServer.version ?? ''}` : 'not reachable';
  return `${table(['PROCESS', 'STATE', 'PID', 'ADDRESS'], rows)}\n\nAPI server  ${server}\nkubeconfig  ${kubeconfig ?? 'none yet: meshwright lab up'}\n`;
}
