import assert from 'node:assert/strict';
import { sortOut, withNamespaces } from '../../lab/apply/input';
import { definedKinds, parseKinds } from '../../lab/apply/kinds';

const table = `
configmaps                     cm     v1                        true    ConfigMap
namespaces                     ns     v1                        false   Namespace
virtualservices                vs     networking.istio.io/v1    true    VirtualService
tokenreviews                          authentication.k8s.io/v1  false   TokenReview
`;
const kinds = parseKinds(table);
const configMap = (name: string, namespace?: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: namespace === undefined ? { name } : { name, namespace },
});
const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

describe('kinds', () => {
  it('are read from the table of kubectl, with and without short names', () => {
    assert.deepEqual(
      [...kinds],
      [
        ['ConfigMap', { plural: 'configmaps', group: '', namespaced: true }],
        ['Namespace', { plural: 'namespaces', group: '', namespaced: false }],
        [
          'VirtualService.networking.istio.io',
          { plural: 'virtualservices', group: 'networking.istio.io', namespaced: true },
        ],
        [
          'TokenReview.authentication.k8s.io',
          { plural: 'tokenreviews', group: 'authentication.k8s.io', namespaced: false },
        ],
      ],
    );
  });

  it('are read from the definitions that a set brings', () => {
    const definition = (scope: string) => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.com' },
      spec: { group: 'example.com', scope, names: { kind: 'Widget', plural: 'widgets' } },
    });
    const expected = (namespaced: boolean) => [
      ['Widget.example.com', { plural: 'widgets', group: 'example.com', namespaced }],
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
    const objects = [twice, { ...twice }, unknown, configMap('b', 'nowhere'), namespace('theirs')];
    const options = { name: 'dev', existingNamespaces: { theirs: {}, missing: {} } };
    assert.deepEqual(sortOut(objects, options, surroundings), {
      fine: [twice],
      problems: [
        { id: 'ConfigMap default/a', message: 'is there more than once' },
        { id: 'Nope n', message: 'the API server knows no Nope in v9' },
        { id: 'ConfigMap nowhere/b', message: 'there is no namespace nowhere' },
        { id: 'Namespace theirs', message: 'is configured both as new and as existing already' },
        { id: 'Namespace missing', message: 'is said to exist already, but does not' },
      ],
    });
  });
});
