import assert from 'node:assert/strict';
import { stackConfig } from '../../../cli/commands/start';
import { labSettings } from '../../../cli/start/lab-settings';
import { LabStack } from '../../../cli/start/lab-stack';
import { planOf, plannedTitle, type FieldChange } from '../../../cli/start/plan';
import { defined, objectTitle, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { Lab } from '../../../cluster/lab';
import { ApiServer, type Kind } from '../../../cluster/lab/api';
import { asList, asMap } from '../../../mesh/model/json';
import { sharedLab } from '../../cluster/lab/support';
import { sample } from '../../support/samples';
import { addonCharts, standInCharts } from './charts';

type Fields = Record<string, unknown>;

/** What an update did, by titles of objects. */
export interface Done {
  created: string[];
  changed: { id: string; changes: FieldChange[] }[];
  removed: string[];
}

/** The lab, with one sample's stack on it. */
export class Cluster {
  /** What was shown to change nothing when it is deployed a second time; each state once, for it takes a second. */
  private readonly repeated = new Set<string>();

  private readonly api: ApiServer;

  private constructor(
    readonly lab: Lab,
    private readonly stack: LabStack,
    private readonly addons: string,
  ) {
    this.api = ApiServer.of(lab);
  }

  static async start(set: string): Promise<Cluster> {
    const lab = await sharedLab();
    const stack = await LabStack.open(lab, `scenario-${set}`, { log: () => undefined });
    return new Cluster(lab, stack, addonCharts ?? standInCharts());
  }

  /**
   * Deploys a sample, and shows that doing so again changes nothing. Returns when every workload is Ready.
   * @param patch - on the stack file, as a user would edit it
   * @param refresh - compare with the cluster first
   */
  async up(reference: string, patch: Fields = {}, { refresh = false } = {}): Promise<Done> {
    const { settings, policy } = sample(reference, patch);
    const config = stackConfig(labSettings(settings, { istio: this.lab.charts, addons: this.addons }).settings, policy);
    this.stack.configure(config);
    const done = await this.run('up', refresh);
    // A stack may bring kinds.
    await this.api.freshKinds();
    const once = JSON.stringify(config);
    if (this.repeated.has(once)) return done;
    assert.deepEqual(
      await this.run('preview'),
      { created: [], changed: [], removed: [] },
      'a second run changes nothing',
    );
    this.repeated.add(once);
    return done;
  }

  async down(): Promise<void> {
    await this.run('destroy');
  }

  private async run(operation: 'up' | 'preview' | 'destroy', refresh = false): Promise<Done> {
    const { succeeded, events, stderr } = await this.stack[operation]({ refresh });
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
    const [apiVersion = ''] = (await this.kindOf(kind)).apiVersions;
    return this.api.get({ apiVersion, kind, metadata: namespace === undefined ? { name } : { name, namespace } });
  }

  async get(title: string): Promise<KubernetesObject> {
    const object = await this.find(title);
    assert.ok(object, `${title} is not there`);
    return object;
  }

  /** Compares a live object with what it must at least say: the fields that `expected` names, whole, lists included. A pod is compared without its injected proxy. */
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

  /** uid and generation of a live object, to show that it was changed in place. */
  async identity(title: string): Promise<{ uid: unknown; generation: number }> {
    const { uid, generation } = (await this.get(title)).metadata as unknown as Fields;
    return { uid, generation: generation as number };
  }

  /** Names of the pods in a namespace that istiod has given a sidecar. */
  async injected(namespace: string): Promise<string[]> {
    const pods = await this.list('Pod', namespace);
    return pods
      .filter(({ spec }) => containersOf(spec).some((one) => isProxy(one) && asList(one['args']).includes('sidecar')))
      .map((pod) => pod.metadata.name.replace(/-[a-z0-9]{5,10}-[a-z0-9]{5}$/, ''))
      .sort();
  }

  /** Several groups have a kind Gateway: Istio's is meant. */
  private async kindOf(kind: string): Promise<Kind> {
    const kinds = await this.api.kinds();
    const other = [...kinds].find(([key]) => key.startsWith(`${kind}.`))?.[1];
    const found = kinds.get(kind) ?? kinds.get(`${kind}.networking.istio.io`) ?? other;
    assert.ok(found, `the API server knows no ${kind}`);
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

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
