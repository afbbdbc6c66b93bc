import assert from 'node:assert/strict';
import { routeIgnoredByPulumi } from '../../../policy/rules/route-ignored-by-pulumi';
import { destinationRule, finding, service, to, virtualService } from '../mesh-objects';
import { judgedResources, resource } from '../pulumi';

const reviews = virtualService('reviews', { hosts: ['reviews'], http: [{ route: [to('reviews')] }] });
const ignoring = (...paths: string[]) => resource(reviews, { options: { ignoreChanges: paths } });

describe('route-ignored-by-pulumi', () => {
  it('refuses ignoreChanges on routing fields', () => {
    assert.deepEqual(
      judgedResources(routeIgnoredByPulumi, [
        ignoring('metadata.labels', 'spec.http[0].route[1].weight', '["spec"].tcp'),
      ]),
      [
        finding(
          routeIgnoredByPulumi,
          'VirtualService bookinfo/reviews',
          'spec',
          'ignoreChanges ["spec.http[0].route[1].weight", "["spec"].tcp"] hides changes of the routing from Pulumi: what the program says would not be deployed. Take them out, or declare "bookinfo/reviews" in the option rolloutController if a rollout controller owns this object',
        ),
      ],
    );
  });

  it('accepts paths outside the spec, and other kinds', () => {
    assert.deepEqual(
      judgedResources(routeIgnoredByPulumi, [
        ignoring('metadata.annotations', 'status', 'specification'),
        resource(service('reviews'), { options: { ignoreChanges: ['spec'] } }),
      ]),
      [],
    );
  });

  it('also refuses ignoring the whole object', () => {
    assert.deepEqual(
      judgedResources(routeIgnoredByPulumi, [
        resource(destinationRule('reviews', { host: 'reviews' }), { options: { ignoreChanges: ['*'] } }),
      ]),
      [
        finding(
          routeIgnoredByPulumi,
          'DestinationRule bookinfo/reviews',
          'spec',
          'ignoreChanges ["*"] hides changes of the routing from Pulumi: what the program says would not be deployed. Take it out, or declare "bookinfo/reviews" in the option rolloutController if a rollout controller owns this object',
        ),
      ],
    );
  });

  it('leaves declared objects to their rollout controller', () => {
    assert.deepEqual(
      judgedResources(routeIgnoredByPulumi, [ignoring('spec.http')], { rolloutController: ['bookinfo/reviews'] }),
      [],
    );
  });
});
