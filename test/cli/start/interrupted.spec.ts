import assert from 'node:assert/strict';
import type { EngineEvent } from '@pulumi/pulumi/automation';
import type { LiveObject } from '../../../cluster/api';
import { failedCreations, pendingCreations, pendingReleases, removeUnrecorded } from '../../../cli/start/interrupted';
import type { StackState, StateResource } from '../../../cli/start/stack-state';
import { objectTitle, type KubernetesObject } from '../../../mesh/manifests/kubernetes';

const releaseType = 'kubernetes:helm.sh/v3:Release';
const mapType = 'kubernetes:core/v1:ConfigMap';
const routeType = 'meshwright-routes:index:Route';

const urnOf = (type: string, name: string): string => `urn:pulumi:dev::meshwright::${type}::${name}`;

function configMap(name: string, manager = 'meshwright-1'): KubernetesObject {
  const annotations = { 'pulumi.com/patchFieldManager': manager };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop', annotations } };
}

function resource(object: KubernetesObject): StateResource {
  return { urn: urnOf(mapType, object.metadata.name), type: mapType, inputs: { ...object } };
}

function rule(name: string): KubernetesObject {
  return { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata: { name, namespace: 'shop' } };
}

function route(name: string, ...objects: KubernetesObject[]): StateResource {
  const serialized = objects.map((object) => [objectTitle(object), JSON.stringify(object)]);
  return {
    urn: urnOf(routeType, name),
    type: routeType,
    inputs: { objects: Object.fromEntries(serialized) as object },
  };
}

/** An object in the cluster, applied by a field manager. */
function live(object: KubernetesObject, manager: string, owner?: string, operation = 'Apply'): LiveObject {
  const annotations = { ...object.metadata.annotations, ...(owner && { 'meshwright.io/owner': owner }) };
  return { ...object, metadata: { ...object.metadata, annotations, managedFields: [{ manager, operation }] } };
}

/** A cluster of these objects, which remembers what is deleted. */
function cluster(...objects: LiveObject[]) {
  const deleted: string[] = [];
  return {
    deleted,
    get: (object: KubernetesObject) => Promise.resolve(objects.find((one) => objectTitle(one) === objectTitle(object))),
    remove: (object: KubernetesObject) => {
      deleted.push(objectTitle(object));
      return Promise.resolve();
    },
  };
}

describe('what an interrupted run leaves', () => {
  it('knows the Helm releases that a killed run had begun', () => {
    const inputs = (name: string) => ({ name, namespace: 'istio-system' });
    const pending = (type: string, of: string, fields = {}) => ({
      type,
      resource: { urn: urnOf(of, 'a'), type: of, inputs: fields },
    });
    assert.deepEqual(
      pendingReleases({
        pending_operations: [
          pending('creating', releaseType, inputs('istio-base')),
          pending('updating', releaseType, inputs('istiod')),
          pending('creating', 'kubernetes:core/v1:Namespace'),
        ],
      }),
      [
        { ...inputs('istio-base'), isNew: true },
        { ...inputs('istiod'), isNew: false },
      ],
    );
  });

  it('knows the creations without a result, of this run and of a killed one', () => {
    const [made, lost] = [resource(configMap('made')), resource(configMap('lost'))];
    const step = (op: string, { urn, type, inputs }: StateResource) => ({ op, urn, type, new: { inputs } });
    const events = [
      { resourcePreEvent: { metadata: step('create', made) } },
      { resourcePreEvent: { metadata: step('create', lost) } },
      { resourcePreEvent: { metadata: step('update', resource(configMap('changed'))) } },
      { resOutputsEvent: { metadata: step('create', made) } },
      { resOpFailedEvent: { metadata: step('create', lost) } },
    ] as unknown as EngineEvent[];
    const state: StackState = {
      pending_operations: [
        { type: 'creating', resource: lost },
        { type: 'deleting', resource: made },
      ],
    };
    assert.deepEqual([failedCreations(events), pendingCreations(state), pendingCreations({})], [[lost], [lost], []]);
  });

  it('leaves an object alone that existed before the run, whose creation was refused', async () => {
    const at = (name: string, creationTimestamp: string): LiveObject => {
      const object = live(configMap(name), 'meshwright-1');
      return { ...object, metadata: { ...object.metadata, creationTimestamp } };
    };
    const api = cluster(at('old', '2026-01-01T00:00:00Z'), at('new', '2026-01-01T00:00:01Z'));
    const creations = [resource(configMap('old')), resource(configMap('new'))];
    const titles = ['ConfigMap shop/new'];
    const started = Date.parse('2026-01-01T00:00:01.500Z');
    assert.deepEqual([await removeUnrecorded(api, creations, {}, started), api.deleted], [titles, titles]);
  });

  it('deletes what the interrupted resource made, and the state does not have', async () => {
    const begun = route('reviews', rule('reviews.v1'), rule('reviews.v2'), rule('reviews.v3'));
    const api = cluster(
      live(configMap('lost'), 'meshwright-1'),
      live(configMap('recorded'), 'meshwright-1'),
      live(configMap('of-others'), 'kubectl'),
      live(configMap('updated-by-hand'), 'meshwright-1', undefined, 'Update'),
      live(rule('reviews.v1'), 'meshwright', begun.urn),
      live(rule('reviews.v2'), 'meshwright', urnOf(routeType, 'another')),
    );
    const secret = { urn: 'c', type: routeType, inputs: { objects: { 'DestinationRule shop/a': '[secret]' } } };
    const creations = ['lost', 'recorded', 'of-others', 'updated-by-hand', 'never-made'].map((name) =>
      resource(configMap(name)),
    );
    const generated = { urn: 'a', type: mapType, inputs: { kind: 'ConfigMap', metadata: { generateName: 'a-' } } };
    const release = { urn: 'b', type: releaseType, inputs: { name: 'istiod', namespace: 'istio-system' } };
    const state = { resources: [resource(configMap('recorded'))] };
    const titles = ['ConfigMap shop/lost', 'DestinationRule shop/reviews.v1'];
    assert.deepEqual(
      [await removeUnrecorded(api, [...creations, begun, secret, generated, release], state), api.deleted],
      [titles, titles],
    );
  });
});
