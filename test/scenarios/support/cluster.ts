import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { stackConfig } from '../../../cli/commands/start';
import { labSettings } from '../../../cli/start/lab-settings';
import { LabStack } from '../../../cli/start/lab-stack';
import type { FieldChange } from '../../../cli/start/engine-steps';
import { plannedTitle, planOf } from '../../../cli/start/plan';
import type { KubernetesApi } from '../../../cluster/api';
import { type Lab, labApi } from '../../../cluster/lab';
import { asList, asMap, isMap } from '../../../mesh/json';
import { defined, type KubernetesObject, objectTitle } from '../../../mesh/manifests/kubernetes';
import { sharedLab } from '../../cluster/lab/support';
import { engineRun } from '../../support/engine-run';
import { sample } from '../../support/samples';
import { addonCharts, standInCharts } from './charts';

type Fields = Record<string, unknown>;

/** What an update did, by titles of objects. */
export interface Done {
  created: string[];
  changed: { id: string; changes: FieldChange[] }[];
  removed: string[];
}

/** How long istiod may take to write its CA into all webhooks, in milliseconds. */
const settlingMs = 5000;

const nothing: Done = { created: [], changed: [], removed: [] };

/** The lab, with one sample's stack on it. */
export class Cluster {
  /** The configuration that is deployed, '' when an update of it has failed; undefined when there is none. */
  private deployed: string | undefined;

  private readonly api: KubernetesApi;

  private constructor(
    readonly lab: Lab,
    private readonly stack: LabStack,
    private readonly addons: string,
  ) {
    this.api = labApi(lab);
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
    const { created, changed, removed } = planOf(events);
    return {
      created: created.map(plannedTitle),
      changed: changed.map((change) => ({ id: plannedTitle(change), changes: change.changes })),
      removed: removed.map(plannedTitle),
    };
  }

  /** The live object of a title such as `Deployment default/order`; undefined when there is none. */
  async find(title: string): Promise<KubernetesObject | undefined> {
    const [kind = '', path = ''] = title.split(' ');
    const [name = '', namespace] = path.split('/').toReversed();
    const [apiVersion = ''] = (await this.api.kinds()).get(await this.kindOf(kind))?.apiVersions ?? [];
    return this.api.get({ apiVersion, kind, metadata: namespace === undefined ? { name } : { name, namespace } });
  }

  async get(title: string): Promise<KubernetesObject> {
    const object = await this.find(title);
    assert.ok(object, `${title} does not exist`);
    return object;
  }

  /** Compares the fields of a live object that `expected` names; lists are compared whole. A pod is compared without its injected proxy. */
  async has(title: string, expected: Fields): Promise<void> {
    const object = await this.get(title);
    const containers = asList(object.spec?.['containers']).filter((one) => !isProxy(asMap(one)));
    const compared = object.kind === 'Pod' ? { ...object, spec: { ...object.spec, containers } } : object;
    assert.deepEqual(restricted(compared, expected), expected, title);
  }

  /** Titles of all objects of a kind, sorted. */
  async titles(kind: string, namespace?: string): Promise<string[]> {
    return (await this.list(kind, namespace)).map(objectTitle).sort();
  }

  async list(kind: string, namespace?: string, labelSelector?: string): Promise<KubernetesObject[]> {
    return this.api.list(await this.kindOf(kind), defined({ namespace, labelSelector }));
  }

  /** uid and generation of a live object, to show that it was updated, not replaced. */
  async identity(title: string): Promise<{ uid: unknown; generation: number }> {
    const { uid, generation } = (await this.get(title)).metadata as unknown as Fields;
    return { uid, generation: generation as number };
  }

  /** Names of the pods in a namespace that have a sidecar. */
  async injected(namespace: string): Promise<string[]> {
    const pods = await this.list('Pod', namespace);
    return pods
      .filter(({ spec }) => containersOf(spec).some((one) => isProxy(one) && asList(one['args']).includes('sidecar')))
      .map((pod) => pod.metadata.name.replace(/-[a-z0-9]{5,10}-[a-z0-9]{5}$/, ''))
      .sort();
  }

  /** Several API groups have a kind Gateway; this takes Istio's. */
  private async kindOf(kind: string): Promise<string> {
    const kinds = await this.api.kinds();
    const keys = [...kinds.keys()];
    const found =
      keys.find((key) => key === kind || key === `${kind}.networking.istio.io`) ??
      keys.find((key) => key.startsWith(`${kind}.`));
    assert.ok(found, `the API server has no kind ${kind}`);
    return found;
  }
}

/** `actual` with only the fields that `expected` has; lists keep their length. */
function restricted(actual: unknown, expected: unknown): unknown {
  if (Array.isArray(actual) && Array.isArray(expected)) {
    return actual.map((item: unknown, index) => (index < expected.length ? restricted(item, expected[index]) : item));
  }
  if (!isMap(actual) || !isMap(expected)) return actual;
  return Object.fromEntries(
    Object.keys(expected)
      .filter((key) => key in actual)
      .map((key) => [key, restricted(actual[key], expected[key])]),
  );
}

function containersOf(spec: Fields = {}): Fields[] {
  return [...asList(spec['containers']), ...asList(spec['initContainers'])].map(asMap);
}

function isProxy({ name }: Fields): boolean {
  return name === 'istio-proxy';
}
