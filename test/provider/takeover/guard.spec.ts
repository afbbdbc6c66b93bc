import assert from 'node:assert/strict';
import * as pulumi from '@pulumi/pulumi';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { Lab } from '../../../cluster/lab';
import { Connection } from '../../../cluster/api/connection';
import { ClusterObjects } from '../../../cluster/api/cluster-objects';
import { managedBy } from '../../../provider/takeover/field-manager';
import { guard } from '../../../provider/takeover/guard';
import { installIstioCrds } from '../../cluster/lab/istio-crds';
import { kubectl } from '../../cluster/lab/kubectl';
import { sharedLab, START_TIMEOUT_MS } from '../../cluster/lab/support';

const upsert =
  "PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true, set for one run, takes over whatever is there; it is then the stack's, and goes with it.";
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

describe('what a resource may make, on a real API server', function () {
  this.timeout(START_TIMEOUT_MS);
  let lab: Lab;
  let judge: (object: KubernetesObject, manager?: string) => Promise<void>;
  const apply = (object: KubernetesObject, manager: string): Promise<string> =>
    kubectl(
      lab,
      ['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'],
      JSON.stringify(managedBy(object, manager)),
    );

  before(async () => {
    lab = await sharedLab();
    await installIstioCrds(lab);
    const open = (): Promise<ClusterObjects> => Promise.resolve(new ClusterObjects(Connection.open(lab)));
    judge = judgeWith(open);
    await apply(namespace('takeover'), 'mine');
  });

  beforeEach(async () => {
    // Not of a preview.
    await pulumi.runtime.setMocks({ newResource: () => ({ id: '', state: {} }), call: () => ({}) });
  });

  it('may be what is not there, is in no namespace that is, or of a kind that the cluster does not know', async () => {
    await judge(namespace('takeover-other'));
    await judge(config('none'));
    await judge({ ...config('none'), metadata: { name: 'none', namespace: 'takeover-other' } });
    await judge(inSpace('v1', 'Widget', 'none'));
    await judge(inSpace('example.com/v1', 'Widget', 'none'));
  });

  it('may be what the same resource has made', async () => {
    await apply(config('mine'), 'mine');
    await apply(entry, 'mine');
    await judge(namespace('takeover'));
    await judge(config('mine'));
    await judge(entry);
  });

  it('may also be what others have touched since', async () => {
    await apply(config('touched'), 'mine');
    await kubectl(lab, ['label', '-n', 'takeover', 'configmap', 'touched', 'by=hand']);
    await judge(config('touched'));
  });

  it('is not what others have made', async () => {
    await apply(config('theirs'), 'theirs');
    await assert.rejects(judge(config('theirs')), {
      message: `ConfigMap takeover/theirs is in the cluster already, and this resource has not made it (theirs did).\n${upsert}`,
    });
    await assert.rejects(judge(entry, 'another'), {
      message: `ServiceEntry takeover/entry is in the cluster already, and this resource has not made it (mine did).\n${upsert}`,
    });
    await assert.rejects(judge(namespace('takeover'), 'another'), {
      message: `Namespace takeover is in the cluster already, and this resource has not made it (mine did).\nWith \`existing: true\` the stack only labels a namespace, and leaves it behind.\n${upsert}`,
    });
  });

  it('is not what somebody has written under the same name without applying it', async () => {
    const create = ['create', '--field-manager=mine', '-f', '-'];
    await kubectl(lab, create, JSON.stringify(managedBy(config('created'), 'mine')));
    await assert.rejects(judge(config('created')), {
      message: `ConfigMap takeover/created is in the cluster already, and this resource has not made it (mine did).\n${upsert}`,
    });
  });

  it('is not what nobody is said to have made', async () => {
    await kubectl(lab, ['create', '-f', '-'], JSON.stringify(config('anonymous')));
    const wipe = ['patch', '-n', 'takeover', 'configmap', 'anonymous', '--type=merge', '--field-manager=x'];
    await kubectl(lab, [...wipe, '-p', '{"metadata":{"managedFields":[{}]}}']);
    await assert.rejects(judge(config('anonymous')), {
      message: `ConfigMap takeover/anonymous is in the cluster already, and this resource has not made it.\n${upsert}`,
    });
  });

  it('is not what is being deleted', async () => {
    const held = config('held');
    await apply({ ...held, metadata: { ...held.metadata, finalizers: ['example.com/held'] } as never }, 'mine');
    await kubectl(lab, ['delete', '-n', 'takeover', 'configmap', 'held', '--wait=false']);
    await assert.rejects(judge(held), {
      message: 'ConfigMap takeover/held is being deleted: run this again when it has gone',
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

  it('sees a kind that the cluster has learnt meanwhile', async () => {
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
      message: `Takeover takeover/theirs is in the cluster already, and this resource has not made it (theirs did).\n${upsert}`,
    });
    await kubectl(lab, ['delete', 'crd', 'takeovers.example.com']);
  });

  it('is not known without the cluster, which only a preview can do without', async () => {
    const refuse = judgeWith(() => Promise.reject(new Error('no cluster')));
    await assert.rejects(refuse(config('mine')), { message: 'no cluster' });
    await pulumi.runtime.setMocks({ newResource: () => ({ id: '', state: {} }), call: () => ({}) }, 'p', 's', true);
    await refuse(config('mine'));
  });

  it('is asked again after an answer that failed', async () => {
    const connection = Connection.open(lab);
    let failures = 1;
    const flaky = new ClusterObjects({
      ask: (question) => (failures-- > 0 ? Promise.reject(new Error('later')) : connection.ask(question)),
    });
    await assert.rejects(flaky.get(entry), { message: 'later' });
    assert.notEqual(await flaky.get(entry), undefined);
  });
});

function judgeWith(open: Parameters<typeof guard>[0]): (object: KubernetesObject, manager?: string) => Promise<void> {
  const hook = guard(open);
  return async (object, manager = 'mine') =>
    hook({ urn: '', id: '', name: '', type: '', newInputs: managedBy(object, manager) });
}
