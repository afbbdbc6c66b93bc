import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { projectFile } from '../../../../cli/start/project-file';
import type { Lab } from '../../../../lab';

const stack = 'real';

export interface Ran {
  status: number | null;
  /** stdout and stderr. */
  output: string;
}

/** A `pulumi` that runs meanwhile. */
export interface Begun {
  /** As `kill -9` does, with its program and its providers. */
  kill(): void;
  /** Until what it has said so far matches, or it has ended. */
  said(pattern: RegExp): Promise<void>;
  ended: Promise<Ran>;
}

/** One step of an update, in the order in which the engine took and finished them. */
export interface Step {
  /** Kind and name of the resource, e.g. `VirtualService bookinfo-reviews`. */
  name: string;
  op: string;
  event: 'starts' | 'ends';
}

export interface RealStack {
  /** Replaces the stack's configuration. */
  configure(config: Record<string, unknown>): void;
  /** `pulumi WORDS --stack …`; no question is asked. */
  pulumi(...words: string[]): Ran;
  /** The same without waiting for its end, for tests that do something meanwhile. */
  begin(...words: string[]): Begun;
  /** `pulumi up`, which must succeed; returns the steps that changed something. */
  up(...words: string[]): Step[];
  /** The state, as text. */
  state(): string;
  /** Types of the resources in the state, in its order. */
  types(): string[];
  /** Ends what was left running, too. */
  remove(): void;
}

/** This project's program as a stack of its own, on a file backend in a temporary folder, against a lab. */
export function realStack(lab: Lab): RealStack {
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-pulumi-'));
  const backend = join(folder, 'backend');
  mkdirSync(backend);
  writeFileSync(join(folder, 'Pulumi.yaml'), projectFile(folder));
  const env = {
    ...process.env,
    KUBECONFIG: lab.kubeconfig,
    PULUMI_BACKEND_URL: `file://${backend}?metadata=skip`,
    PULUMI_CONFIG_PASSPHRASE: 'test',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    NO_COLOR: '1',
  };
  const pulumi = (...words: string[]): Ran => {
    const ran = spawnSync('pulumi', [...words, '--stack', stack, '--non-interactive'], {
      cwd: folder,
      env,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    return { status: ran.status, output: `${ran.stdout}${ran.stderr}` };
  };
  const sessions = new Set<string>();
  const begin: RealStack['begin'] = (...words) => {
    const child = spawn('pulumi', [...words, '--stack', stack, '--non-interactive'], {
      cwd: folder,
      env,
      detached: true,
    });
    if (child.pid !== undefined) sessions.add(String(child.pid));
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = new Promise<Ran>((resolve) => {
      child.once('close', (status) => resolve({ status, output: Buffer.concat(chunks).toString('utf8') }));
    });
    const said = (pattern: RegExp): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (pattern.test(Buffer.concat(chunks).toString('utf8'))) resolve();
        };
        for (const stream of [child.stdout, child.stderr]) stream.on('data', look);
        child.once('close', () => resolve());
        look();
      });
    const kill = (): void => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    };
    return { kill, said, ended };
  };
  /** A killed pulumi leaves its provider behind, in a group of its own but in its session. */
  const stopLeft = (): void => {
    const { stdout } = spawnSync('ps', ['-eo', 'pid=,sess='], { encoding: 'utf8' });
    const processes = stdout.split('\n').map((line) => line.trim().split(/\s+/));
    const left = processes.filter(([, session]) => sessions.has(session ?? '')).map(([pid = '']) => pid);
    if (left.length > 0) spawnSync('kill', ['-KILL', ...left]);
  };
  const stackFile = join(folder, `Pulumi.${stack}.yaml`);
  succeeded(pulumi('stack', 'init'));
  const encryption = parse(readFileSync(stackFile, 'utf8')) as Record<string, unknown>;
  return {
    configure: (config) =>
      writeFileSync(
        stackFile,
        stringify({ ...encryption, config: { 'kubernetes:context': lab.context, ...config } }, { lineWidth: 0 }),
      ),
    pulumi,
    begin,
    up: (...words) => steps(succeeded(pulumi('up', '--yes', '--skip-preview', '--json', ...words))),
    state: () => succeeded(pulumi('stack', 'export')),
    types: () => {
      const { deployment } = JSON.parse(succeeded(pulumi('stack', 'export'))) as Exported;
      return (deployment.resources ?? []).map(({ type }) => type);
    },
    remove: () => {
      stopLeft();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function succeeded({ status, output }: Ran): string {
  if (status !== 0) throw new Error(`pulumi ended with ${status}:\n${output}`);
  return output;
}

interface Exported {
  deployment: { resources?: { type: string }[] };
}

interface EngineEvent {
  resourcePreEvent?: { metadata: { urn: string; op: string } };
  resOutputsEvent?: { metadata: { urn: string; op: string } };
}

/** From the engine's events, one JSON object a line. */
function steps(output: string): Step[] {
  const events = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as EngineEvent);
  return events.flatMap(({ resourcePreEvent, resOutputsEvent }): Step[] => {
    const metadata = resourcePreEvent?.metadata ?? resOutputsEvent?.metadata;
    if (metadata === undefined || metadata.op === 'same' || metadata.op === 'read') return [];
    const [, , types = '', ...name] = metadata.urn.split('::');
    const kind = types.split(':').at(-1) ?? '';
    return [
      {
        name: `${kind} ${name.join('::')}`,
        op: metadata.op,
        event: resourcePreEvent === undefined ? 'ends' : 'starts',
      },
    ];
  });
}
