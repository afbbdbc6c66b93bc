import assert from 'node:assert/strict';
import { exporttoNamespaces } from '../../../policy/rules/exportto-namespaces';
import { destinationRule, finding, judged, namespace, service, serviceEntry, virtualService } from '../mesh-objects';

describe('exportto-namespaces', () => {
  it('refuses namespaces that do not exist, in each kind and in the annotation of Services', () => {
    assert.deepEqual(
      judged(exporttoNamespaces, [
        namespace('bookinfo'),
        virtualService('a', { exportTo: ['.', 'shop'] }),
        destinationRule('a', { host: 'a', exportTo: ['*'] }),
        serviceEntry('a', { hosts: ['a.example.com'], exportTo: ['shop'] }),
        service('a', [80], { annotations: { 'networking.istio.io/exportTo': 'bookinfo, shop' } }),
      ]),
      [
        finding(
          exporttoNamespaces,
          'Service bookinfo/a',
          'metadata.annotations["networking.istio.io/exportTo"]',
          'namespace "shop" does not exist; there are bookinfo, istio-system. Correct it, or declare it in externals.namespaces',
        ),
        finding(
          exporttoNamespaces,
          'ServiceEntry bookinfo/a',
          'spec.exportTo[0]',
          'namespace "shop" does not exist; there are bookinfo, istio-system. Correct it, or declare it in externals.namespaces',
        ),
        finding(
          exporttoNamespaces,
          'VirtualService bookinfo/a',
          'spec.exportTo[1]',
          'namespace "shop" does not exist; there are bookinfo, istio-system. Correct it, or declare it in externals.namespaces',
        ),
      ],
    );
  });

  it('accepts those that exist or are declared', () => {
    assert.deepEqual(
      judged(
        exporttoNamespaces,
        [namespace('shop'), destinationRule('a', { host: 'a', exportTo: ['shop', 'bookinfo', 'default', 'other'] })],
        { externals: { namespaces: ['other'] } },
      ),
      [],
    );
  });

  it('reports nothing when no Namespace is among the objects', () => {
    assert.deepEqual(judged(exporttoNamespaces, [destinationRule('a', { host: 'a', exportTo: ['shop'] })]), []);
  });

  it('reports it when the set is complete', () => {
    assert.deepEqual(
      judged(exporttoNamespaces, [destinationRule('a', { host: 'a', exportTo: ['shop'] })], { complete: true }),
      [
        finding(
          exporttoNamespaces,
          'DestinationRule bookinfo/a',
          'spec.exportTo[0]',
          'namespace "shop" does not exist; there are bookinfo, istio-system. Correct it, or declare it in externals.namespaces',
        ),
      ],
    );
  });
});
