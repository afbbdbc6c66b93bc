import assert from 'node:assert/strict';
import type { EngineEvent } from '@pulumi/pulumi/automation';
import type { Ran, RunOptions } from '../../cli/start/lab-stack';
import { engineRun } from './engine-run';

const urn = (name: string) => `urn:pulumi:dev::meshwright::kubernetes:core/v1:Pod::${name}`;
const began = (name: string) => ({ resourcePreEvent: { metadata: { op: 'create', urn: urn(name) } } }) as EngineEvent;
const ended = (name: string) => ({ resOutputsEvent: { metadata: { op: 'create', urn: urn(name) } } }) as EngineEvent;
const events = [began('fortio'), began('hello'), ended('fortio')];

/** A run that sends its events and then waits until it is cancelled. */
const hangs = ({ onEvent, signal }: RunOptions): Promise<Ran> =>
  new Promise((resolve) => {
    for (const event of events) onEvent?.(event);
    signal?.addEventListener('abort', () => resolve({ succeeded: true, cancelled: true, events, stderr: '' }));
  });

describe('a run of the engine in a test', () => {
  it('is cancelled if it does not end, and reports its unfinished steps', async () => {
    const printed: string[] = [];
    const ran = await engineRun(hangs, false, 10, (text) => printed.push(text));
    const stderr = [
      'the engine did not end within 0.01 s',
      '  not ended: create kubernetes:core/v1:Pod::hello',
      '  last: began create kubernetes:core/v1:Pod::fortio',
      '  last: began create kubernetes:core/v1:Pod::hello',
      '  last: ended create kubernetes:core/v1:Pod::fortio',
      '',
    ].join('\n');
    assert.deepEqual(ran, { succeeded: false, cancelled: true, events, stderr });
    assert.deepEqual(printed, [stderr]);
  });

  it('returns the result of a run that ends', async () => {
    const ran: Ran = { succeeded: true, cancelled: false, events: [], stderr: '' };
    assert.deepEqual(await engineRun(() => Promise.resolve(ran), true), ran);
  });
});
