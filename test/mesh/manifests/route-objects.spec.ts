import assert from 'node:assert/strict';
import { allRouteObjects } from '../../../mesh/manifests/routes';

describe('objects of routes', () => {
  const services = { a: { versions: ['v1'], weights: { v1: 100 } }, b: {} };

  it('are rendered once for the same services of a namespace', () => {
    const [first] = allRouteObjects({ one: services });
    assert.equal(allRouteObjects({ one: services, two: {} })[0], first);
    assert.deepEqual(allRouteObjects({ one: structuredClone(services) })[0], first);
  });

  it('are separate for two namespaces with the same services', () => {
    const made = allRouteObjects({ one: services, two: services });
    assert.deepEqual(
      made.map(({ namespace, service, destinationRules, virtualService }) => [
        namespace,
        service,
        ...destinationRules.map(({ object, origin }) => [object.metadata.namespace, origin]),
        virtualService?.object.metadata.namespace,
      ]),
      ['one', 'two'].flatMap((namespace) => [
        [namespace, 'a', [namespace, `meshwright:routes.${namespace}.a`], namespace],
        [namespace, 'b', undefined],
      ]),
    );
  });
});
