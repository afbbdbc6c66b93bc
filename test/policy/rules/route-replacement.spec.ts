import assert from 'node:assert/strict';
import { routeReplacement } from '../../../policy/rules/route-replacement';
import { destinationRule, finding, service, virtualService } from '../mesh-objects';
import { judgedResources, resource } from '../pulumi';

const reviews = virtualService('reviews-1a2b3c', { hosts: ['reviews'], http: [] });

describe('route-replacement', () => {
  it('refuses names that Pulumi generates, and deletion before replacement', () => {
    assert.deepEqual(
      judgedResources(routeReplacement, [
        resource(reviews, { nameGiven: false, options: { deleteBeforeReplace: true } }),
      ]),
      [
        finding(
          routeReplacement,
          'VirtualService bookinfo/reviews-1a2b3c',
          '',
          'deleteBeforeReplace is true: a replacement would leave a gap without this VirtualService, in which its requests go elsewhere or fail. Take the option away',
        ),
        finding(
          routeReplacement,
          'VirtualService bookinfo/reviews-1a2b3c',
          'metadata.name',
          'Pulumi generated this name, so a replacement and the old VirtualService would have the same host for a while. State metadata.name',
        ),
      ],
    );
  });

  it('accepts objects with their own names', () => {
    assert.deepEqual(
      judgedResources(routeReplacement, [
        resource(reviews, { options: {} }),
        resource(destinationRule('a', { host: 'a' }), { options: { deleteBeforeReplace: false } }),
      ]),
      [],
    );
  });

  it('ignores other kinds', () => {
    assert.deepEqual(
      judgedResources(routeReplacement, [
        resource(service('reviews'), { nameGiven: false, options: { deleteBeforeReplace: true } }),
      ]),
      [],
    );
  });
});
