import assert from 'node:assert/strict';
import { sortOut, withNamespaces } from '../../lab/apply/input';
import { definedKinds, parseKinds } from '../../lab/api/kinds';

const version = (name: string, ...resources: [plural: string, kind: string, scope: string][]) => ({
  version: name,
  resources: resources.map(([resource, kind, scope]) => ({ resource, responseKind: { kind }, scope })),
});
const core = version('v1', ['configmaps', 'ConfigMap', 'Namespaced'], ['namespaces', 'Namespace', 'Cluster']);
const istio = ['v1', 'v1beta1'].map((name) => version(name, ['virtualservices', 'VirtualService', 'Namespaced']));
const groups = [
  { metadata: { name: 'networking.istio.io' }, versions: istio },
  { metadata: { name: 'example.com' }, versions: [{ version: 'v1' }] },
];
const kinds = parseKinds({ items: [{ metadata: {}, versions: [core] }] }, { items: groups });
const configMap = (name: string, namespace?: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: namespace === undefined ? { name } : { name, namespace },
});
const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

describe('kinds', () => {
  it('are read from what the API server says of its groups, the preferred version first', () => {
    assert.deepEqual(
      [...kinds],
      [
        ['ConfigMap', { plural: 'configmaps', namespaced: true, apiVersions: ['v1'] }],
        ['Namespace', { plural: 'namespaces', namespaced: false, apiVersions: ['v1'] }],
        [
          'VirtualService.networking.istio.io',
          {
            plural: 'virtualservices',
            namespaced: true,
            apiVersions: ['networking.istio.io/v1', 'networking.istio.io/v1beta1'],
          },
        ],
      ],
    );
  });

  it('are read from the definitions that a set brings', () => {
    const definition = (scope: string) => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        scope,
        names: { kind: 'Widget', plural: 'widgets' },
        versions: [
          { name: 'v2', served: true },
          { name: 'v1', served: false },
        ],
      },
    });
    const expected = (namespaced: boolean) => [
      ['Widget.example.com', { plural: 'widgets', namespaced, apiVersions: ['example.com/v2'] }],
    ];
    assert.deepEqual([...definedKinds([definition('Cluster')])], expected(false));
    assert.deepEqual([...definedKinds([definition('Namespaced')])], expected(true));
  });
});

describe('withNamespaces', () => {
  it('fills in the namespace that kubectl would take, where there has to be one', () => {
    const objects = [configMap('a'), configMap('b', 'x'), namespace('x')];
    assert.deepEqual(withNamespaces(objects, kinds), [configMap('a', 'default'), configMap('b', 'x'), namespace('x')]);
  });
});

describe('sortOut', () => {
  const surroundings = { kinds, namespaces: ['default', 'theirs'] };

  it('lets through what the API server can be asked about', () => {
    const objects = [configMap('a', 'default'), configMap('b', 'new'), namespace('new'), configMap('c', 'theirs')];
    const options = { name: 'dev', existingNamespaces: { theirs: {} } };
    assert.deepEqual(sortOut(objects, options, surroundings), { fine: objects, problems: [] });
  });

  it('fails for every object that is repeated, unknown, homeless or both ours and theirs', () => {
    const twice = configMap('a', 'default');
    const unknown = { apiVersion: 'v9', kind: 'Nope', metadata: { name: 'n' } };
    const future = { apiVersion: 'v9', kind: 'ConfigMap', metadata: { name: 'f' } };
    const objects = [twice, { ...twice }, unknown, future, configMap('b', 'nowhere'), namespace('theirs')];
    const options = { name: 'dev', existingNamespaces: { theirs: {}, missing: {} } };
    assert.deepEqual(sortOut(objects, options, surroundings), {
      fine: [twice],
      problems: [
        { id: 'ConfigMap default/a', message: 'is there more than once' },
        { id: 'Nope n', message: 'the API server knows no Nope in v9' },
        { id: 'ConfigMap f', message: 'the API server knows no ConfigMap in v9' },
        { id: 'ConfigMap nowhere/b', message: 'there is no namespace nowhere' },
        { id: 'Namespace theirs', message: 'is configured both as new and as existing already' },
        { id: 'Namespace missing', message: 'is said to exist already, but does not' },
      ],
    });
  });
});
