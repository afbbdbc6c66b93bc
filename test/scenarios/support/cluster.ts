import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { stackConfig } from '../../../cli/start/on-lab';
import { labSettings } from '../../../cli/start/lab-settings';
import { LabStack } from '../../../cli/start/lab-stack';
import { type Lab, labApi } from '../../../cluster/lab';
import { sharedLab } from '../../cluster/lab/support';
import { engineRun } from '../../support/engine-run';
import { sample } from '../../support/samples';
import { addonCharts, standInCharts } from './charts';
import { doneBy, type Done, type Fields, LiveObjects } from './objects';

/** How long istiod may take to write its CA into all webhooks, in milliseconds. */
const settlingMs = 5000;

const nothing: Done = { created: [], changed: [], removed: [] };

/** The lab, with one sample's stack on it. */
export class Cluster extends LiveObjects {
  /** The configuration that is deployed, '' when an update of it has failed; undefined when there is none. */
  private deployed: string | undefined;

  private constructor(
    readonly lab: Lab,
    private readonly stack: LabStack,
    private readonly addons: string,
  ) {
    super(labApi(lab));
  }

  static async start(set: string): Promise<Cluster> {
    const lab = await sharedLab();
    const stack = await LabStack.open(lab, `scenario-${set}`, { log: () => undefined });
    return new Cluster(lab, stack, addonCharts ?? standInCharts());
  }

  /**
   * Deploys a sample and waits until every workload is Ready. Asserts that a second run would change nothing, if objects
   * were created: the API server adds defaults to them. Does nothing if exactly this configuration is deployed.
   * @param patch - JSON merge patch on the stack file, like an edit by the user
   * @param refresh - compare with the cluster first
   */
  async up(reference: string, patch: Fields = {}, { refresh = false } = {}): Promise<Done> {
    const { settings, policy } = sample(reference, patch);
    const local = labSettings(settings, { istio: this.lab.charts, addons: this.addons }).settings;
    // No requests are sent here, so no connection has to end; test/real/scenarios drains.
    const config = stackConfig({ ...local, proof: { drainSeconds: 0 } }, policy);
    const wanted = JSON.stringify(config);
    if (this.deployed === wanted && !refresh) return nothing;
    this.stack.configure(config);
    this.deployed = '';
    const done = await this.run('up', refresh);
    this.deployed = wanted;
    // The update may have created CRDs.
    await this.api.freshKinds();
    if (done.created.length === 0) return done;
    let again = await this.run('preview');
    // istiod writes its CA into the webhooks for some seconds after its start. A preview in this time shows an update
    // of the waiting patch without a changed field.
    if (again.changed.length > 0 && again.changed.every(({ changes }) => changes.length === 0)) {
      await sleep(settlingMs);
      again = await this.run('preview');
    }
    assert.deepEqual(again, nothing, 'a second run changes nothing');
    return done;
  }

  /** Removes the stack's objects, if it has any. */
  async down(): Promise<void> {
    if (this.deployed === undefined) return;
    await this.run('destroy');
    this.deployed = undefined;
  }

  private async run(operation: 'up' | 'preview' | 'destroy', refresh = false): Promise<Done> {
    const { succeeded, events, stderr } = await engineRun((options) => this.stack[operation](options), refresh);
    const said = events.flatMap(({ diagnosticEvent, policyEvent }) => {
      const isError = diagnosticEvent?.severity === 'error' || policyEvent?.enforcementLevel === 'mandatory';
      return isError ? [(diagnosticEvent ?? policyEvent)?.message ?? ''] : [];
    });
    assert.ok(succeeded, [...said, stderr].join('\n'));
    return doneBy(events);
  }
}
