import assert from 'node:assert/strict';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { ControlPlane, Namespace, Objects, Routes } from '../../components';
import { fieldManager, takeOverOwnObjects } from '../../provider/takeover';
import { registrations, type Registration } from '../components/support/registrations';

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

describe('registered Kubernetes objects', () => {
  const given = process.env[upsertAll];
  afterEach(() => {
    if (given === undefined) Reflect.deleteProperty(process.env, upsertAll);
    else process.env[upsertAll] = given;
  });

  const register = async (): Promise<Seen[]> => {
    const found = await registrations(() =>
      pulumi.runtime.runInPulumiStack(() => {
        takeOverOwnObjects({});
        new Namespace('mine', {});
        new Namespace('theirs', { existing: true, injection: true });
        new Objects('o', { objects });
        new Routes('mine', { namespace: 'mine', services: { a: { versions: ['v1'] } } });
        new ControlPlane('istio', { version: '1.30.3', createNamespace: false });
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

  it('each have a field manager, and a hook that runs before their creation', async () => {
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
      { type: 'meshwright-routes:index:Route', annotations: undefined, beforeCreate: undefined },
    ]);
  });

  it('may have automatic names, and Outputs in their metadata', async () => {
    const later = <T>(value: T): pulumi.Output<T> => pulumi.output(Promise.resolve(value)) as pulumi.Output<T>;
    const found = await registrations(() =>
      pulumi.runtime.runInPulumiStack(() => {
        takeOverOwnObjects({});
        new kubernetes.core.v1.ConfigMap('nameless', { data: { a: '1' } });
        new kubernetes.core.v1.ConfigMap('namespaced', { metadata: { namespace: later('shop') } });
        new kubernetes.core.v1.ConfigMap('whole', { metadata: later({ name: 'whole', annotations: { note: 'b' } }) });
        new kubernetes.core.v1.ConfigMap('annotated', { metadata: { annotations: { note: later('b') } } });
        new kubernetes.core.v1.ConfigMap('sealed', { metadata: { labels: { token: pulumi.secret('hush') } } });
        return Promise.resolve();
      }),
    );
    assert.deepEqual(Object.fromEntries(found.map(({ name, inputs }) => [name, inputs['metadata']])), {
      nameless: { annotations: manager('nameless') },
      namespaced: { namespace: 'shop', annotations: manager('namespaced') },
      whole: { name: 'whole', annotations: { note: 'b', ...manager('whole') } },
      annotated: { annotations: { note: 'b', ...manager('annotated') } },
      sealed: { secret: { labels: { token: 'hush' }, annotations: manager('sealed') } },
    });
  });

  it('have no hook in a run that takes over all objects', async () => {
    process.env[upsertAll] = 'true';
    const hooked = (await register()).filter(({ beforeCreate }) => beforeCreate !== undefined);
    assert.deepEqual(hooked, []);
  });

  it('have a different field manager for each resource and stack', () => {
    const names = [fieldManager('o/p/s', 'a'), fieldManager('o/p/s', 'b'), fieldManager('o/p/t', 'a')];
    assert.equal(new Set(names).size, 3);
    for (const name of names) assert.match(name, /^meshwright-[0-9a-f]{20}$/);
  });
});

function seen({ type, inputs, options }: Registration): Seen {
  const { annotations } = (inputs['metadata'] ?? {}) as { annotations?: unknown };
  return { type, annotations, beforeCreate: options['beforeCreate'] };
}
