import assert from 'node:assert/strict';
import * as pulumi from '@pulumi/pulumi';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { Lab } from '../../cluster/lab';
import { KubernetesApi } from '../../cluster/api';
import { guard, managedBy } from '../../provider/takeover';
import { installIstioCrds } from '../cluster/lab/istio-crds';
import { kubectl } from '../cluster/lab/kubectl';
import { sharedLab, START_TIMEOUT_MS } from '../cluster/lab/support';

const adopt = (title: string): string => `To take it over: meshwright:adopt: ["${title}"], or true for all.`;
const namespace = (name: string): KubernetesObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
const inSpace = (apiVersion: string, kind: string, name: string, fields = {}): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'takeover' },
  ...fields,
});
const config = (name: string): KubernetesObject => inSpace('v1', 'ConfigMap', name);
const entry = inSpace('networking.istio.io/v1', 'ServiceEntry', 'entry', {
  spec: { hosts: ['a.example'], location: 'MESH_EXTERNAL', resolution: 'DNS', ports: [{ number: 80, name: 'http' }] },
});

describe('the check before an object is created, on a real API server', function () {
  this.timeout(180_000);
  let lab: Lab;
  let judge: (object: KubernetesObject, manager?: string) => Promise<void>;
  const apply = (object: KubernetesObject, manager: string): Promise<string> =>
    kubectl(
      lab,
      ['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'],
      JSON.stringify(managedBy(object, manager)),
    );

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    lab = await sharedLab();
    await installIstioCrds(lab);
    const open = (): Promise<KubernetesApi> => Promise.resolve(KubernetesApi.open({ kubeconfig: lab.kubeconfig }));
    judge = judgeWith(open);
    await apply(namespace('takeover'), 'mine');
  });

  beforeEach(async () => {
    // False, as in an update.
    await pulumi.runtime.setMocks({ newResource: () => ({ id: '', state: {} }), call: () => ({}) });
  });

  it('allows objects, kinds and namespaces that do not exist', async () => {
    await judge(namespace('takeover-other'));
    await judge(config('none'));
    await judge({ ...config('none'), metadata: { name: 'none', namespace: 'takeover-other' } });
    await judge(inSpace('v1', 'Widget', 'none'));
    await judge(inSpace('example.com/v1', 'Widget', 'none'));
  });

  it('allows objects that the same resource made', async () => {
    await apply(config('mine'), 'mine');
    await apply(entry, 'mine');
    await judge(namespace('takeover'));
    await judge(config('mine'));
    await judge(entry);
  });

  it('explains how to take over objects of an interrupted update, unless the run does so', async () => {
    await apply(config('interrupted'), 'mine');
    const strict = judgeWith(() => Promise.resolve(KubernetesApi.open({ kubeconfig: lab.kubeconfig })), false);
    await assert.rejects(strict(config('interrupted')), {
      message:
        "ConfigMap takeover/interrupted exists: an interrupted update of this stack created it. Set kubernetes:upsertExistingObjects to true for the next update, which then takes over this stack's own objects and no others.",
    });
  });

  it('allows an object whose name is not known yet', async () => {
    await judge({ apiVersion: 'v1', kind: 'ConfigMap' } as KubernetesObject);
  });

  it('allows them even if others have changed them since', async () => {
    await apply(config('touched'), 'mine');
    await kubectl(lab, ['label', '-n', 'takeover', 'configmap', 'touched', 'by=hand']);
    await judge(config('touched'));
  });

  it('refuses objects of others', async () => {
    await apply(config('theirs'), 'theirs');
    await assert.rejects(judge(config('theirs')), {
      message: `ConfigMap takeover/theirs exists, and this stack did not create it (field managers: theirs).\n${adopt('ConfigMap takeover/theirs')}`,
    });
    await assert.rejects(judge(entry, 'another'), {
      message: `ServiceEntry takeover/entry exists, and this stack did not create it (field managers: mine).\n${adopt('ServiceEntry takeover/entry')}`,
    });
    await assert.rejects(judge(namespace('takeover'), 'another'), {
      message: `Namespace takeover exists, and this stack did not create it (field managers: mine).\nWith \`existing: true\` the stack only labels a namespace, and keeps it on destroy.\n${adopt('Namespace takeover')}`,
    });
  });

  it('refuses an object that was written under the same field manager, but not applied', async () => {
    const create = ['create', '--field-manager=mine', '-f', '-'];
    await kubectl(lab, create, JSON.stringify(managedBy(config('created'), 'mine')));
    await assert.rejects(judge(config('created')), {
      message: `ConfigMap takeover/created exists, and this stack did not create it (field managers: mine).\n${adopt('ConfigMap takeover/created')}`,
    });
  });

  it('refuses an object without field managers', async () => {
    await kubectl(lab, ['create', '-f', '-'], JSON.stringify(config('anonymous')));
    const wipe = ['patch', '-n', 'takeover', 'configmap', 'anonymous', '--type=merge', '--field-manager=x'];
    await kubectl(lab, [...wipe, '-p', '{"metadata":{"managedFields":[{}]}}']);
    await assert.rejects(judge(config('anonymous')), {
      message: `ConfigMap takeover/anonymous exists, and this stack did not create it.\n${adopt('ConfigMap takeover/anonymous')}`,
    });
  });

  it('refuses an object that is being deleted', async () => {
    const held = config('held');
    await apply({ ...held, metadata: { ...held.metadata, finalizers: ['example.com/held'] } }, 'mine');
    await kubectl(lab, ['delete', '-n', 'takeover', 'configmap', 'held', '--wait=false']);
    await assert.rejects(judge(held), {
      message: 'ConfigMap takeover/held is being deleted: run again when it is gone',
    });
    await kubectl(lab, [
      'patch',
      '-n',
      'takeover',
      'configmap',
      'held',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":null}}',
    ]);
  });

  it('finds kinds that were installed meanwhile', async () => {
    const names = { plural: 'takeovers', kind: 'Takeover' };
    const schema = { openAPIV3Schema: { type: 'object' } };
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'takeovers.example.com' },
      spec: {
        group: 'example.com',
        names,
        scope: 'Namespaced',
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    };
    const object = inSpace('example.com/v1', 'Takeover', 'theirs');
    await judge(object);
    await apply(crd, 'theirs');
    await kubectl(lab, ['wait', '--for=condition=Established', 'crd/takeovers.example.com']);
    await apply(object, 'theirs');
    await assert.rejects(judge(object), {
      message: `Takeover takeover/theirs exists, and this stack did not create it (field managers: theirs).\n${adopt('Takeover takeover/theirs')}`,
    });
    await kubectl(lab, ['delete', 'crd', 'takeovers.example.com']);
  });

  it('fails without the cluster, except in a preview', async () => {
    const refuse = judgeWith(() => Promise.reject(new Error('no cluster')));
    await assert.rejects(refuse(config('mine')), { message: 'no cluster' });
    await pulumi.runtime.setMocks({ newResource: () => ({ id: '', state: {} }), call: () => ({}) }, 'p', 's', true);
    await refuse(config('mine'));
  });

  it('asks the cluster again after an error', async () => {
    const { connection } = KubernetesApi.open({ kubeconfig: lab.kubeconfig });
    let failures = 1;
    const flaky = new KubernetesApi({
      server: connection.server,
      send: (request) => (failures-- > 0 ? Promise.reject(new Error('later')) : connection.send(request)),
    });
    await assert.rejects(flaky.get(entry), { message: 'later' });
    assert.notEqual(await flaky.get(entry), undefined);
  });
});

function judgeWith(
  open: Parameters<typeof guard>[0],
  isRecovery = true,
): (object: KubernetesObject, manager?: string) => Promise<void> {
  const hook = guard(open, isRecovery);
  return async (object, manager = 'mine') =>
    hook({ urn: '', id: '', name: '', type: '', newInputs: managedBy(object, manager) });
}
