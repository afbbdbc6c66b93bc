import assert from 'node:assert/strict';
import { ControlPlane, Namespace } from '../../components';
import { registrations, type Registration } from './support/registrations';

const repositoryOpts = { repo: 'https://istio-release.storage.googleapis.com/charts' };
const always = { resetValues: true, skipAwait: false, atomic: true, timeout: 600 };
const webhook = 'kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfigurationPatch';
const formerWebhook = 'kubernetes:admissionregistration.k8s.io/v1beta1:MutatingWebhookConfigurationPatch';

describe('ControlPlane', () => {
  it('registers its namespace, base and istiod, and then waits for the injector', async () => {
    const found = await registrations(() => new ControlPlane('istio', { version: '1.30.3' }));
    const expected: Registration[] = [
      {
        type: 'meshwright:index:ControlPlane',
        name: 'istio',
        inputs: {},
        dependsOn: [],
        options: { aliases: ['meshwright:index:IstioControlPlane'] },
        outputs: { namespace: 'istio-system' },
      },
      {
        type: 'meshwright:index:Namespace',
        name: 'istio-istio-system',
        parent: 'istio',
        inputs: {},
        dependsOn: [],
        options: { aliases: ['meshwright:index:MeshNamespace'] },
        outputs: { name: 'istio-system', namespace: { resource: 'istio-istio-system-namespace' } },
      },
      {
        type: 'kubernetes:core/v1:Namespace',
        name: 'istio-istio-system-namespace',
        parent: 'istio-istio-system',
        inputs: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } },
        dependsOn: [],
        options: {},
      },
      {
        type: 'kubernetes:helm.sh/v3:Release',
        name: 'istio-istio-base',
        parent: 'istio',
        inputs: {
          ...always,
          name: 'istio-base',
          namespace: 'istio-system',
          chart: 'base',
          version: '1.30.3',
          repositoryOpts,
          values: {},
          compat: 'true',
        },
        dependsOn: ['istio-istio-system-namespace'],
        options: {},
      },
      {
        type: 'kubernetes:helm.sh/v3:Release',
        name: 'istio-istiod',
        parent: 'istio',
        inputs: {
          ...always,
          name: 'istiod',
          namespace: 'istio-system',
          chart: 'istiod',
          version: '1.30.3',
          repositoryOpts,
          values: {},
          compat: 'true',
        },
        dependsOn: ['istio-istio-base', 'istio-istio-system-namespace'],
        options: {},
      },
      {
        type: webhook,
        name: 'istio-injector',
        parent: 'istio',
        inputs: {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: 'MutatingWebhookConfiguration',
          metadata: {
            name: 'istio-sidecar-injector',
            annotations: { 'pulumi.com/waitFor': 'jsonpath={.webhooks[*].clientConfig.caBundle}' },
          },
        },
        dependsOn: ['istio-istio-base', 'istio-istio-system-namespace', 'istio-istiod'],
        options: {
          retainOnDelete: true,
          ignoreChanges: ['metadata.annotations'],
          customTimeouts: { create: '600s', update: '600s' },
          aliases: [formerWebhook],
        },
      },
    ];
    assert.deepEqual(found, expected);
  });

  it('installs cni before istiod and ztunnel after it, in ambient mode', async () => {
    const found = await registrations(() => new ControlPlane('istio', { profile: 'ambient' }));
    assert.deepEqual(waits(found, 'Release'), {
      'istio-istio-base': ['istio-istio-system-namespace'],
      'istio-istio-cni': ['istio-istio-base', 'istio-istio-system-namespace'],
      'istio-istiod': ['istio-istio-base', 'istio-istio-cni', 'istio-istio-system-namespace'],
      'istio-ztunnel': ['istio-istio-base', 'istio-istio-cni', 'istio-istio-system-namespace', 'istio-istiod'],
    });
  });

  const webhookNames: [string, { revision?: string; namespace?: string }, string][] = [
    ['of a revision', { revision: '1-30' }, 'istio-sidecar-injector-1-30'],
    ['of another namespace', { namespace: 'mesh' }, 'istio-sidecar-injector-mesh'],
    ['of a revision in another namespace', { revision: 'a', namespace: 'mesh' }, 'istio-sidecar-injector-a-mesh'],
  ];
  for (const [what, args, name] of webhookNames) {
    it(`waits for the injector ${what}`, async () => {
      const found = await registrations(() => new ControlPlane('istio', args));
      const patches = found.filter(({ type }) => type === webhook).map(({ inputs }) => inputs['metadata']);
      assert.deepEqual(patches, [
        { name, annotations: { 'pulumi.com/waitFor': 'jsonpath={.webhooks[*].clientConfig.caBundle}' } },
      ]);
    });
  }

  it('waits for the injector as long as configured', async () => {
    const found = await registrations(() => new ControlPlane('istio', { injectorTimeoutSeconds: 30 }));
    const [patch] = found.filter(({ type }) => type === webhook);
    assert.deepEqual(patch?.options['customTimeouts'], { create: '30s', update: '30s' });
  });

  it('does not wait for an injector that will never exist', async () => {
    const found = await registrations(() => new ControlPlane('istio', { injectorTimeoutSeconds: 0 }));
    assert.deepEqual(
      found.filter(({ type }) => type === webhook),
      [],
    );
  });

  it('sets mesh-wide mTLS after the CRDs exist', async () => {
    const found = await registrations(() => new ControlPlane('istio', { mtls: 'STRICT', createNamespace: false }));
    assert.deepEqual(
      found.filter(({ name }) => name === 'istio-mtls'),
      [
        {
          type: 'kubernetes:security.istio.io/v1:PeerAuthentication',
          name: 'istio-mtls',
          parent: 'istio',
          inputs: {
            apiVersion: 'security.istio.io/v1',
            kind: 'PeerAuthentication',
            metadata: { name: 'default', namespace: 'istio-system' },
            spec: { mtls: { mode: 'STRICT' } },
          },
          dependsOn: ['istio-istio-base', 'istio-istiod'],
          options: { aliases: ['kubernetes:security.istio.io/v1beta1:PeerAuthentication'] },
        },
      ],
    );
  });

  it('passes its dependencies on to its children', async () => {
    const found = await registrations(() => {
      const namespace = new Namespace('istio-system', {});
      new ControlPlane('istio', { createNamespace: false }, { dependsOn: namespace });
    });
    assert.deepEqual(waits(found, 'Release'), {
      'istio-istio-base': ['istio-system-namespace'],
      'istio-istiod': ['istio-istio-base', 'istio-system-namespace'],
    });
  });

  it('encrypts the values of a section with secrets', async () => {
    const args = { values: { istiod: { pilot: { env: { TOKEN: 'hush' } } } }, secret: true };
    const found = await registrations(() => new ControlPlane('istio', args));
    const values = found.filter(({ type }) => type.endsWith(':Release')).map(({ inputs }) => inputs['values']);
    assert.deepEqual(values, [{ secret: {} }, { secret: { pilot: { env: { TOKEN: 'hush' } } } }]);
  });

  it('gives Helm the configured timeout and atomic mode', async () => {
    const found = await registrations(() => new ControlPlane('istio', { timeoutSeconds: 60, atomic: false }));
    const releases = found.filter(({ type }) => type.endsWith(':Release'));
    assert.deepEqual(
      releases.map(({ inputs }) => [inputs['timeout'], inputs['atomic']]),
      [
        [60, false],
        [60, false],
      ],
    );
  });

  it('keeps the alias of a former name', async () => {
    const found = await registrations(() => new ControlPlane('istio', {}, { aliases: [{ name: 'mesh' }] }));
    const [component, namespace] = found;
    assert.deepEqual(component?.options['aliases'], ['mesh', 'meshwright:index:IstioControlPlane']);
    assert.deepEqual(namespace?.parent, 'istio');
  });
});

function waits(found: Registration[], kind: string): Record<string, string[]> {
  return Object.fromEntries(
    found.filter(({ type }) => type.endsWith(`:${kind}`)).map(({ name, dependsOn }) => [name, dependsOn]),
  );
}
