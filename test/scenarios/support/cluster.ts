import assert from 'node:assert/strict';
import { defined, objectTitle, type KubernetesObject } from '../../../components/manifests/kubernetes';
import { renderMesh, type Mesh } from '../../../components/manifests/mesh';
import {
  applyObjects,
  planObjects,
  removeAll,
  waitReady,
  type Lab,
  type NamespaceMarks,
  type Plan,
} from '../../../lab';
import { ApiServer, type Kind } from '../../../lab/api';
import { proxyOf } from '../../../model/injection';
import { asMap } from '../../../model/json';
import { sharedLab } from '../../lab/support';
import { sample } from '../../support/samples';
import { chartsFolder, chartsPatch, releaseObjects } from './charts';

type Fields = Record<string, unknown>;

/** The lab, as one sample's environment. */
export class Cluster {
  /** What was shown to change nothing when it is applied a second time; each state once, for it takes a second. */
  private readonly repeated = new Set<string>();

  private readonly api: ApiServer;

  private constructor(
    readonly lab: Lab,
    private readonly set: string,
  ) {
    this.api = ApiServer.of(lab);
  }

  static async start(set: string): Promise<Cluster> {
    return new Cluster(await sharedLab(), `scenario-${set}`);
  }

  /**
   * Makes the cluster what a sample says, and shows that doing so again changes nothing.
   * @param patch - on the stack file, as a user would edit it
   */
  async up(reference: string, patch: Record<string, unknown> = {}): Promise<Plan> {
    return this.apply(meshOf(reference, patch));
  }

  async apply(mesh: Mesh): Promise<Plan> {
    const objects = this.objectsOf(mesh);
    const options = { ...this.options(mesh), log: () => undefined };
    const plan = await applyObjects(this.lab, objects, options);
    const once = JSON.stringify(objects);
    if (this.repeated.has(once)) return plan;
    const again = await planObjects(this.lab, objects, options);
    assert.deepEqual([again.created, again.changed, again.removed], [[], [], []], 'a second run changes nothing');
    this.repeated.add(once);
    return plan;
  }

  /** As `up`, until every workload is Ready. */
  async ready(reference: string, patch: Record<string, unknown> = {}): Promise<Plan> {
    const mesh = meshOf(reference, patch);
    const plan = await this.apply(mesh);
    await waitReady(this.lab, this.objectsOf(mesh), { log: () => undefined });
    return plan;
  }

  async down(): Promise<void> {
    await removeAll(this.lab, { name: this.set, log: () => undefined });
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

  /** Compares a live object with what it must at least say: the fields that `expected` names, whole, lists included. */
  async has(title: string, expected: Fields): Promise<void> {
    assert.deepEqual(restricted(await this.get(title), expected), expected, title);
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

  /** Names of the pods in a namespace that the injector gives a sidecar when they are created, by the labels that pods and namespace have. */
  async injected(namespace: string): Promise<string[]> {
    const { metadata } = await this.get(`Namespace ${namespace}`);
    const pods = await this.list('Pod', namespace);
    return pods
      .filter((pod) => {
        const { labels = {}, annotations = {} } = pod.metadata;
        return proxyOf(namespace, metadata.labels ?? {}, labels, annotations, asMap(pod.spec)) === 'sidecar';
      })
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

  private objectsOf(mesh: Mesh): KubernetesObject[] {
    const charts = chartsFolder === undefined ? [] : releaseObjects(mesh);
    return [...mesh.objects.map(({ object }) => object), ...charts];
  }

  private options(mesh: Mesh): { name: string; existingNamespaces: Record<string, NamespaceMarks> } {
    const marks = mesh.existingNamespaces.map(({ object }): [string, NamespaceMarks] => [
      object.metadata.name,
      { ...object.metadata },
    ]);
    return { name: this.set, existingNamespaces: Object.fromEntries(marks) };
  }
}

/** A sample's mesh, its charts from where this machine has them. */
function meshOf(reference: string, patch: Fields): Mesh {
  return renderMesh(sample(reference, chartsPatch, patch).settings);
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

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
