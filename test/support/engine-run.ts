import { AsyncLocalStorage } from 'node:async_hooks';
import type { EngineEvent } from '@pulumi/pulumi/automation';
import type { Ran, RunOptions } from '../../cli/start/lab-stack';

/** Longest time for a test that runs the engine, in milliseconds. */
export const TEST_TIMEOUT_MS = 180_000;
/** Longest time for one run of the engine: less than a test has, so that a run that hangs is cancelled and explained. */
const runTimeoutMs = 150_000;
const lastEvents = 12;

/**
 * Runs the engine. A run that does not end in time is cancelled; its current steps are printed at once, and added to
 * the result's `stderr`.
 * @param start - an operation of a LabStack
 * @param print - defaults to stderr
 */
export async function engineRun(
  start: (options: RunOptions) => Promise<Ran>,
  refresh: boolean,
  timeoutMs = runTimeoutMs,
  print: (text: string) => void = (text) => process.stderr.write(text),
): Promise<Ran> {
  const seen: EngineEvent[] = [];
  const cancel = new AbortController();
  let stuck = '';
  const timer = setTimeout(() => {
    stuck = [`the engine did not end within ${timeoutMs / 1000} s`, ...unfinished(seen)].join('\n  ');
    print(`${stuck}\n`);
    cancel.abort();
  }, timeoutMs);
  try {
    const ran = await start({ refresh, signal: cancel.signal, onEvent: (event) => seen.push(event) });
    return stuck === '' ? ran : { ...ran, succeeded: false, stderr: `${stuck}\n${ran.stderr}` };
  } finally {
    clearTimeout(timer);
    releaseRun();
  }
}

/** Where Pulumi's SDK keeps everything that a run of an inline program has created. */
const stores = new Set<object>();
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own this below
const enter = AsyncLocalStorage.prototype.run;
AsyncLocalStorage.prototype.run = function (
  this: AsyncLocalStorage<unknown>,
  store: unknown,
  ...rest: [() => unknown]
) {
  if (typeof store === 'object' && store?.constructor.name === 'LocalStore') stores.add(store);
  return enter.call(this, store, ...rest);
} as typeof enter;

/**
 * Frees memory that a run leaves behind, some 80 MB for a sample: the SDK adds a listener for each run, and gRPC timers
 * keep the run's store alive. The command does not need this, because it ends after two or three runs.
 */
function releaseRun(): void {
  for (const listener of process.listeners('exit'))
    if (String(listener).includes('leakedPromises')) process.off('exit', listener);
  for (const store of stores) for (const key of Object.keys(store)) Reflect.deleteProperty(store, key);
  stores.clear();
}

/** Unfinished steps of a run, and its last events. */
function unfinished(events: readonly EngineEvent[]): string[] {
  const running = new Map<string, string>();
  for (const { resourcePreEvent, resOutputsEvent, resOpFailedEvent } of events) {
    if (resourcePreEvent !== undefined) running.set(resourcePreEvent.metadata.urn, step(resourcePreEvent));
    const ended = resOutputsEvent ?? resOpFailedEvent;
    if (ended !== undefined) running.delete(ended.metadata.urn);
  }
  const last = events.map(eventText).filter((text) => text !== '');
  return [
    ...[...running.values()].map((one) => `not ended: ${one}`),
    ...last.slice(-lastEvents).map((one) => `last: ${one}`),
  ];
}

function step({ metadata: { op, urn } }: { metadata: { op: string; urn: string } }): string {
  return `${op} ${urn.split('::').slice(2).join('::')}`;
}

function eventText(event: EngineEvent): string {
  const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent, summaryEvent } = event;
  if (resourcePreEvent !== undefined) return `began ${step(resourcePreEvent)}`;
  if (resOutputsEvent !== undefined) return `ended ${step(resOutputsEvent)}`;
  if (resOpFailedEvent !== undefined) return `failed ${step(resOpFailedEvent)}`;
  if (diagnosticEvent !== undefined) return `${diagnosticEvent.severity}: ${diagnosticEvent.message.trim()}`;
  return summaryEvent === undefined ? '' : 'summary';
}
