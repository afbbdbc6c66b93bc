import assert from 'node:assert/strict';
import { configMatchesEmitted } from '../../../policy/rules/config-matches-emitted';
import { finding, to, virtualService } from '../mesh-objects';
import { judgedResources, resource } from '../pulumi';

const routes = { bookinfo: { reviews: { versions: ['v1', 'v3'], weights: { v1: 'rest', v3: 10 } } } };
const split = (v1: number, v3: number) =>
  virtualService('reviews', {
    hosts: ['reviews'],
    http: [{ route: [to('reviews', 'v1', v1), to('reviews', 'v3', v3)] }],
  });

describe('config-matches-emitted', () => {
  it('refuses weights that the stack file does not have', () => {
    assert.deepEqual(judgedResources(configMatchesEmitted, [resource(split(50, 50))], { routes }), [
      finding(
        configMatchesEmitted,
        'VirtualService bookinfo/reviews',
        'spec.http[0].route',
        'the weight of reviews subset v1 is 50, but meshwright:routes.bookinfo in the stack file sets it to 90; the two must agree, so change it in the stack file only',
      ),
      finding(
        configMatchesEmitted,
        'VirtualService bookinfo/reviews',
        'spec.http[0].route',
        'the weight of reviews subset v3 is 50, but meshwright:routes.bookinfo in the stack file sets it to 10; the two must agree, so change it in the stack file only',
      ),
    ]);
  });

  it('accepts its weights, including rest', () => {
    assert.deepEqual(judgedResources(configMatchesEmitted, [resource(split(90, 10))], { routes }), []);
  });

  it('reports that the VirtualService is missing', () => {
    assert.deepEqual(judgedResources(configMatchesEmitted, [], { routes }), [
      finding(
        configMatchesEmitted,
        'VirtualService bookinfo/reviews',
        '',
        'meshwright:routes.bookinfo asks for this VirtualService, but the program makes none with its name; add it, or take the route out of the stack file',
      ),
    ]);
  });

  it('reports nothing without a stack file, or about routes that the loader refuses', () => {
    assert.deepEqual(
      judgedResources(configMatchesEmitted, [resource(split(50, 50))], {
        routes: { bookinfo: { reviews: { versions: 7, weights: { v1: 'half' }, http: 'x' }, x: null } },
      }),
      [],
    );
  });
});
