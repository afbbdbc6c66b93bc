import assert from 'node:assert/strict';
import { weightStepLimit } from '../../../policy/rules/weight-step-limit';
import { finding, to, virtualService } from '../mesh-objects';
import { changed } from '../pulumi';

const split = (weights: Record<string, number>, metadata = {}, name = 'reviews') => [
  virtualService(
    name,
    {
      hosts: ['reviews'],
      http: [{ route: Object.entries(weights).map(([subset, weight]) => to('reviews', subset, weight)) }],
    },
    metadata,
  ),
];

describe('weight-step-limit', () => {
  it('refuses a step beyond the limit', () => {
    assert.deepEqual(changed(weightStepLimit, split({ v1: 90, v2: 10 }), split({ v1: 50, v2: 50 }), { maxStep: 20 }), [
      finding(
        weightStepLimit,
        'VirtualService bookinfo/reviews',
        'spec.http[0].route[1].weight',
        'reviews subset v2 would go from 10 to 50 at once, by 40; allowed are steps of 20 (maxStep). Go in several updates',
      ),
    ]);
  });

  it('accepts a step within the limit, and any step without a limit', () => {
    assert.deepEqual(
      changed(weightStepLimit, split({ v1: 90, v2: 10 }), split({ v1: 70, v2: 30 }), { maxStep: 20 }),
      [],
    );
  });

  it('has no limit by default', () => {
    assert.deepEqual(changed(weightStepLimit, split({ v1: 100, v2: 0 }), split({ v1: 0, v2: 100 })), []);
  });

  it('refuses a new version with too large a weight, from nothing or from 0', () => {
    assert.deepEqual(
      changed(weightStepLimit, split({ v1: 100, v2: 0 }), split({ v1: 70, v2: 15, v3: 15 }), {
        maxStep: 50,
        initialStep: 10,
      }),
      [
        finding(
          weightStepLimit,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[1].weight',
          'reviews subset v2 would appear with 15; allowed is 10 (initialStep). Begin with less',
        ),
        finding(
          weightStepLimit,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[2].weight',
          'reviews subset v3 would appear with 15; allowed is 10 (initialStep). Begin with less',
        ),
      ],
    );
  });

  it('always lets traffic go back to the version that had the most', () => {
    assert.deepEqual(
      changed(weightStepLimit, split({ v1: 60, v2: 40 }), split({ v1: 100, v2: 0 }), { maxStep: 5, initialStep: 5 }),
      [],
    );
  });

  it('lets it go back to the version that is declared stable', () => {
    assert.deepEqual(
      changed(
        weightStepLimit,
        split({ v1: 20, v2: 80 }, { annotations: { 'policy.meshwright.io/stable': 'v1' } }),
        split({ v1: 100, v2: 0 }, { annotations: { 'policy.meshwright.io/stable': 'v1' } }),
        { maxStep: 5 },
      ),
      [],
    );
  });

  it('then limits steps to any other version, even the largest', () => {
    assert.deepEqual(
      changed(
        weightStepLimit,
        split({ v1: 20, v2: 80 }, { annotations: { 'policy.meshwright.io/stable': 'v1' } }),
        split({ v1: 0, v2: 100 }, { annotations: { 'policy.meshwright.io/stable': 'v1' } }),
        { maxStep: 5 },
      ),
      [
        finding(
          weightStepLimit,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[1].weight',
          'reviews subset v2 would go from 80 to 100 at once, by 20; allowed are steps of 5 (maxStep). Go in several updates',
        ),
      ],
    );
  });

  it('counts a single destination as 100, and weights by their share', () => {
    assert.deepEqual(
      changed(
        weightStepLimit,
        [virtualService('reviews', { hosts: ['reviews'], http: [{ route: [to('reviews', 'v1')] }] })],
        split({ v1: 30, v2: 30 }),
        { maxStep: 20 },
      ),
      [
        finding(
          weightStepLimit,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[1].weight',
          'reviews subset v2 would go from 0 to 50 at once, by 50; allowed are steps of 20 (maxStep). Go in several updates',
        ),
      ],
    );
  });

  it('refuses a large loss that is spread over several gains', () => {
    assert.deepEqual(
      changed(weightStepLimit, split({ v1: 100 }), split({ v1: 25, v2: 25, v3: 25, v4: 25 }), { maxStep: 30 }),
      [
        finding(
          weightStepLimit,
          'VirtualService bookinfo/reviews',
          'spec.http[0].route[0].weight',
          'reviews subset v1 would go from 100 to 25 at once, by 75; allowed are steps of 30 (maxStep). Go in several updates',
        ),
      ],
    );
  });

  it('reports nothing for a first deployment, or for a new rule', () => {
    assert.deepEqual(
      changed(
        weightStepLimit,
        split({ v1: 100 }),
        [
          virtualService('ratings', { hosts: ['ratings'], http: [{ route: [to('ratings', 'v2')] }] }),
          virtualService('reviews', {
            hosts: ['reviews'],
            http: [
              { match: [{ headers: { beta: {} } }], route: [to('reviews', 'v2')] },
              { route: [to('reviews', 'v1', 100)] },
            ],
          }),
        ],
        { maxStep: 5 },
      ),
      [],
    );
  });

  it('follows a VirtualService that is renamed, and rules by their names', () => {
    assert.deepEqual(
      changed(weightStepLimit, split({ v1: 100, v2: 0 }), split({ v1: 0, v2: 100 }, {}, 'renamed'), { maxStep: 5 }),
      [
        finding(
          weightStepLimit,
          'VirtualService bookinfo/renamed',
          'spec.http[0].route[1].weight',
          'reviews subset v2 would go from 0 to 100 at once, by 100; allowed are steps of 5 (maxStep). Go in several updates',
        ),
      ],
    );
  });

  it('distinguishes hosts without subsets', () => {
    assert.deepEqual(
      changed(
        weightStepLimit,
        [
          virtualService('a', {
            hosts: ['a'],
            http: [{ route: [to('a-v1', undefined, 90), to('a-v2', undefined, 10)] }],
          }),
        ],
        [
          virtualService('a', {
            hosts: ['a'],
            http: [{ route: [to('a-v1', undefined, 10), to('a-v2', undefined, 90)] }],
          }),
        ],
        { maxStep: 20 },
      ),
      [
        finding(
          weightStepLimit,
          'VirtualService bookinfo/a',
          'spec.http[0].route[1].weight',
          'a-v2 would go from 10 to 90 at once, by 80; allowed are steps of 20 (maxStep). Go in several updates',
        ),
      ],
    );
  });

  describe('judges what moves, in any form:', () => {
    const limit = { maxStep: 10 };
    const stable = [{ route: [to('reviews', 'v1', 100), to('reviews', 'v2', 0)] }];
    const routes = (...http: object[]) => [virtualService('reviews', { hosts: ['reviews'], http })];
    const step = (title: string, share: number): string =>
      `${title} would go from 0 to ${share} at once, by ${share}; allowed are steps of 10 (maxStep). Go in several updates`;
    const messages = (after: ReturnType<typeof routes>): string[] =>
      changed(weightStepLimit, routes(...stable), after, limit).map(({ path, message }) => `${path}: ${message}`);

    it('a new rule with a regex that takes every request', () => {
      const all = { match: [{ headers: { 'user-agent': { regex: '.*' } } }], route: [to('reviews', 'v2')] };
      assert.deepEqual(messages(routes(all, ...stable)), [
        `spec.http[0].route[0].weight: ${step('reviews subset v2', 100)}`,
      ]);
    });

    it('a new rule for part of the paths', () => {
      const path = { match: [{ uri: { prefix: '/' } }], route: [to('reviews', 'v2')] };
      assert.deepEqual(messages(routes(path, ...stable)), [
        `spec.http[0].route[0].weight: ${step('reviews subset v2', 100)}`,
      ]);
    });

    it('a redirect instead of the route', () => {
      assert.deepEqual(messages(routes({ redirect: { authority: 'other.example.com' } })), [
        `spec.http[0]: ${step('a redirect', 100)}`,
      ]);
    });

    it('a deleted VirtualService', () => {
      const found = changed(weightStepLimit, routes(...stable), [], limit);
      assert.deepEqual(
        found.map(({ kind, name, path, message }) => `${kind} ${name} ${path}: ${message}`),
        [`VirtualService reviews spec.http[0]: ${step('reviews.bookinfo.svc.cluster.local', 100)}`],
      );
    });

    it('a stable version that is declared in the same update', () => {
      const annotations = { 'policy.meshwright.io/stable': 'v2' };
      assert.deepEqual(
        changed(weightStepLimit, split({ v1: 100, v2: 0 }), split({ v1: 0, v2: 100 }, { annotations }), limit).map(
          ({ message }) => message,
        ),
        [step('reviews subset v2', 100)],
      );
    });

    it('but not testers, which are picked by the exact value of a header', () => {
      const testers = { match: [{ headers: { 'end-user': { exact: 'jason' } } }], route: [to('reviews', 'v2')] };
      assert.deepEqual(messages(routes(testers, ...stable)), []);
    });
  });
});
