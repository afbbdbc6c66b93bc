import assert from 'node:assert/strict';
import * as pulumi from '@pulumi/pulumi';
import { IstioControlPlane, MeshNamespace, Objects, Routes } from '../../../components';
import { takeOverOwnObjects } from '../../../provider/takeover';
import { fieldManager } from '../../../provider/takeover/field-manager';
import { registrations, type Registration } from '../../components/support/registrations';

const upsertAll = 'PULUMI_K8S_UPSERT_EXISTING_OBJECTS';
const objects = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', annotations: { note: 'b' } } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'named', annotations: { 'pulumi.com/patchFieldManager': 'its-own' } },
  },
  { apiVersion: 'example.com/v1', kind: 'TakePatch', metadata: { name: 'a' } },
];

interface Seen {
  type: string;
  annotations: unknown;
  beforeCreate: unknown;
}

describe('what is said of objects, so that an update finishes what a killed one has begun', () => {
  const given = process.env[upsertAll];
  afterEach(() => {
    if (given === undefined) Reflect.deleteProperty(process.env, upsertAll);
    else process.env[upsertAll] = given;
  });

  const register = async (): Promise<Seen[]> => {
    const found = await registrations(() =>
      pulumi.runtime.runInPulumiStack(() => {
        takeOverOwnObjects({});
        new MeshNamespace('mine', {});
        new MeshNamespace('theirs', { existing: true, injection: true });
        new Objects('o', { objects, policy: false });
        new Routes('mine', { namespace: 'mine', services: { a: { versions: ['v1'] } }, policy: false });
        new IstioControlPlane('istio', { version: '1.30.3', createNamespace: false });
        return Promise.resolve();
      }),
    );
    const byName = (a: Registration, b: Registration): number =>
      `${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1;
    return found
      .filter(({ type }) => !/^meshwright:|:Release$/.test(type))
      .sort(byName)
      .map(seen);
  };
  const manager = (name: string): object => ({
    'pulumi.com/patchFieldManager': fieldManager('organization/project/stack', name),
  });

  it('is under which name each is applied, and that somebody looks before it is made', async () => {
    Reflect.deleteProperty(process.env, upsertAll);
    const hook = ['only-own-objects'];
    assert.deepEqual(await register(), [
      {
        type: 'kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfigurationPatch',
        annotations: {
          'pulumi.com/waitFor': 'jsonpath={.webhooks[*].clientConfig.caBundle}',
          ...manager('istio-injector'),
        },
        beforeCreate: undefined,
      },
      {
        type: 'kubernetes:apps/v1:Deployment',
        annotations: { 'pulumi.com/patchFieldManager': 'its-own' },
        beforeCreate: hook,
      },
      { type: 'kubernetes:core/v1:ConfigMap', annotations: { note: 'b', ...manager('o-a') }, beforeCreate: hook },
      { type: 'kubernetes:core/v1:Namespace', annotations: manager('mine-namespace'), beforeCreate: hook },
      { type: 'kubernetes:core/v1:NamespacePatch', annotations: manager('theirs-labels'), beforeCreate: undefined },
      { type: 'kubernetes:example.com/v1:TakePatch', annotations: manager('o-a'), beforeCreate: hook },
      { type: 'meshwright-routes:index:RouteSet', annotations: undefined, beforeCreate: undefined },
    ]);
  });

  it('is only the name where everything is to be taken over', async () => {
    process.env[upsertAll] = 'true';
    const hooked = (await register()).filter(({ beforeCreate }) => beforeCreate !== undefined);
    assert.deepEqual(hooked, []);
  });

  it('is another name for each resource of each stack', () => {
    const names = [fieldManager('o/p/s', 'a'), fieldManager('o/p/s', 'b'), fieldManager('o/p/t', 'a')];
    assert.equal(new Set(names).size, 3);
    for (const name of names) assert.match(name, /^meshwright-[0-9a-f]{20}$/);
  });
});

function seen({ type, inputs, options }: Registration): Seen {
  const { annotations } = (inputs['metadata'] ?? {}) as { annotations?: unknown };
  return { type, annotations, beforeCreate: options['beforeCreate'] };
}
