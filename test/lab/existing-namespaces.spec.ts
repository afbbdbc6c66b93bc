import assert from 'node:assert/strict';
import { applyObjects, planObjects, RefusedError, removeAll } from '../../lab';
import type { Lab, NamespaceMarks } from '../../lab';
import { kubectl } from './kubectl';
import { asMap } from '../../model/json';
import { get, sharedLab, START_TIMEOUT_MS } from './support';

const log = (): void => undefined;
const name = 'existing-spec';

describe('a namespace that exists already', function () {
  this.timeout(START_TIMEOUT_MS);
  let lab: Lab;
  const marks = async (): Promise<{ labels: unknown; annotations: unknown }> => {
    const { labels, annotations } = asMap((await get(lab, 'namespace', 'team'))?.['metadata']);
    return { labels, annotations };
  };
  const withMarks = (team: NamespaceMarks) => ({ name, existingNamespaces: { team } });
  const base = { 'kubernetes.io/metadata.name': 'team', owner: 'them' };

  before(async () => {
    lab = await sharedLab();
    await kubectl(lab, ['create', 'namespace', 'team']);
    await kubectl(lab, ['label', 'namespace', 'team', 'owner=them']);
  });
  after(async () => {
    await removeAll(lab, { name, log });
    await kubectl(lab, ['delete', 'namespace', 'team', '--wait=false']);
  });

  it('gets labels and annotations, and keeps its own', async () => {
    const options = withMarks({ labels: { 'istio-injection': 'enabled' }, annotations: { note: 'x' } });
    const plan = await applyObjects(lab, [], { ...options, log });
    const changes = [
      { path: 'metadata.labels.istio-injection', to: 'enabled' },
      { path: 'metadata.annotations.note', to: 'x' },
    ];
    assert.deepEqual(plan, { created: [], changed: [{ id: 'Namespace team', changes }], removed: [], unchanged: 0 });
    assert.deepEqual(await marks(), { labels: { ...base, 'istio-injection': 'enabled' }, annotations: { note: 'x' } });
    assert.deepEqual(await planObjects(lab, [], options), { created: [], changed: [], removed: [], unchanged: 1 });
  });

  it('loses the one that left the configuration', async () => {
    await applyObjects(lab, [], { ...withMarks({ labels: { 'istio.io/rev': 'canary' } }), log });
    assert.deepEqual(await marks(), { labels: { ...base, 'istio.io/rev': 'canary' }, annotations: undefined });
  });

  it('loses all of them, and nothing else, when it leaves the configuration', async () => {
    const plan = await applyObjects(lab, [], { name, log });
    const changes = [{ path: 'metadata.labels["istio.io/rev"]', from: 'canary' }];
    assert.deepEqual(plan, { created: [], changed: [{ id: 'Namespace team', changes }], removed: [], unchanged: 0 });
    assert.deepEqual(await marks(), { labels: base, annotations: undefined });
    assert.deepEqual(await planObjects(lab, [], { name }), { created: [], changed: [], removed: [], unchanged: 0 });
  });

  it('loses them too when the set is removed', async () => {
    await applyObjects(lab, [], { ...withMarks({ labels: { 'istio-injection': 'enabled' } }), log });
    await removeAll(lab, { name, log });
    assert.deepEqual(await marks(), { labels: base, annotations: undefined });
  });

  it('stays when it was created by the set before and is now said to exist', async () => {
    const own = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'handed-over', labels: { a: '1', b: '2' } } };
    const map = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'inside', namespace: 'handed-over' },
      data: {},
    };
    await applyObjects(lab, [own, map], { name, log });
    const existingNamespaces = { 'handed-over': { labels: { a: '1', c: '3' } } };
    const plan = await applyObjects(lab, [], { name, existingNamespaces, log });
    const changes = [
      { path: 'metadata.labels.b', from: '2' },
      { path: 'metadata.labels.c', to: '3' },
    ];
    assert.deepEqual(plan, {
      created: [],
      changed: [{ id: 'Namespace handed-over', changes }],
      removed: ['ConfigMap handed-over/inside'],
      unchanged: 0,
    });
    await removeAll(lab, { name, log });
    const { labels } = asMap((await get(lab, 'namespace', 'handed-over'))?.['metadata']);
    assert.deepEqual(labels, { 'kubernetes.io/metadata.name': 'handed-over' });
    await kubectl(lab, ['delete', 'namespace', 'handed-over', '--wait=false']);
  });

  it('fails when it does not exist, and is not made', async () => {
    const options = { name, existingNamespaces: { absent: { labels: { a: 'b' } } } };
    await assert.rejects(applyObjects(lab, [], { ...options, log }), (error) => {
      assert.ok(error instanceof RefusedError);
      assert.deepEqual(error.problems, [{ id: 'Namespace absent', message: 'is said to exist already, but does not' }]);
      return true;
    });
    assert.equal(await get(lab, 'namespace', 'absent'), undefined);
  });
});
