import assert from 'node:assert/strict';
import type { EngineEvent } from '@pulumi/pulumi/automation';
import type { FieldChange } from '../../../cli/start/engine-steps';
import { plannedTitle, planOf } from '../../../cli/start/plan';
import type { KubernetesApi } from '../../../cluster/api';
import { asList, asMap, isMap } from '../../../mesh/json';
import { defined, type KubernetesObject, objectTitle } from '../../../mesh/manifests/kubernetes';

export type Fields = Record<string, unknown>;

/** What an update did, by titles of objects. */
export interface Done {
  created: string[];
  changed: { id: string; changes: FieldChange[] }[];
  removed: string[];
}

/** What a run of the engine did. */
export function doneBy(events: readonly EngineEvent[]): Done {
  const { created, changed, removed } = planOf(events);
  return {
    created: created.map(plannedTitle),
    changed: changed.map((change) => ({ id: plannedTitle(change), changes: change.changes })),
    removed: removed.map(plannedTitle),
  };
}

/** The objects of a cluster, as its API server has them. */
export class LiveObjects {
  constructor(protected readonly api: KubernetesApi) {}

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
