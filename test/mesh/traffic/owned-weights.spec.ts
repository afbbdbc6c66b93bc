import assert from 'node:assert/strict';
import { appliedTo } from '../../../cli/cluster';
import type { RouteSettings, StackSettings } from '../../../mesh/manifests/settings';
import { diffStatus, stackTraffic, trafficDiff, trafficDiffText, type TrafficInput } from '../../../mesh/traffic';
import { judgeExpectations } from '../../../mesh/traffic/expectations';
import { effectiveSplits } from '../../../mesh/traffic/splits';

const versions = ['v1', 'v2', 'v3'];
const owned: RouteSettings = { versions, weights: { v1: 'rest', v3: 0 }, weightsOwnedBy: 'flagger' };
const own: RouteSettings = { versions, weights: { v1: 'rest', v3: 0 } };

function stack(reviews?: RouteSettings): TrafficInput {
  const settings: StackSettings = {
    namespaces: { bookinfo: { injection: true } },
    apps: { bookinfo: { namespace: 'bookinfo' } },
    ...(reviews === undefined ? {} : { routes: { bookinfo: { reviews } } }),
  };
  return stackTraffic(settings);
}

/** A cluster in which the controller has set weights. */
function cluster(v3: number): TrafficInput {
  const { objects } = stack({ versions, weights: { v1: 'rest', v3 } });
  return { objects, options: { complete: true } };
}

function compared(before: TrafficInput, after: TrafficInput): [string, string] {
  const diff = trafficDiff(before.objects, after.objects, { before: before.options, after: after.options });
  return [diffStatus(diff), trafficDiffText(diff)];
}

const notCompared = `Weights that are not compared
  VirtualService bookinfo/reviews: they belong to flagger`;
const notHeld = `Changed, but not modelled: the effect on traffic is unknown
  VirtualService bookinfo/reviews: its weights belonged to flagger, and the input does not hold them`;
const title = 'reviews.bookinfo.svc.cluster.local:9080, from workloads';

describe('weights that belong to a controller', () => {
  it('do not move with the written ones', () => {
    const after = stack({ ...owned, weights: { v1: 50, v3: 50 } });
    assert.deepEqual(compared(stack(owned), after), ['same', `No change in traffic.\n\n${notCompared}`]);
    assert.deepEqual(compared(stack(own), after), ['same', `No change in traffic.\n\n${notCompared}`]);
  });

  it('keep their values from the cluster, and everything else is compared', () => {
    const before = cluster(40);
    assert.deepEqual(compared(before, appliedTo(before, stack(owned))), [
      'same',
      `No change in traffic.\n\n${notCompared}`,
    ]);
    assert.deepEqual(compared(before, appliedTo(before, stack({ ...owned, http: [{ timeout: '5s' }] }))), [
      'changed',
      `${title}
  all requests: same destination, treated in another way
    - without
    + timeout 5s

${notCompared}`,
    ]);
  });

  it('move if the destinations of a rule change', () => {
    const before = cluster(40);
    assert.deepEqual(compared(before, appliedTo(before, stack({ ...owned, weights: { v1: 'rest', v2: 10 } }))), [
      'changed',
      `${title}
  all requests: 40 % moves
    - reviews.bookinfo v1 60 %, reviews.bookinfo v3 40 %
    + reviews.bookinfo v1 90 %, reviews.bookinfo v2 10 %

${notCompared}`,
    ]);
  });

  it("move from the cluster's weights to the written ones when the stack takes them back", () => {
    const before = cluster(40);
    assert.deepEqual(compared(before, appliedTo(before, stack(own))), [
      'changed',
      `${title}
  all requests: 40 % moves
    - reviews.bookinfo v1 60 %, reviews.bookinfo v3 40 %
    + reviews.bookinfo v1`,
    ]);
  });

  it('are unknown if they come from a stack file', () => {
    assert.deepEqual(compared(stack(owned), stack(own)), [
      'unknown',
      `Cannot tell what changes in traffic.\n\n${notHeld}`,
    ]);
    const [status, text] = compared(stack(owned), stack({ ...owned, weights: { v1: 'rest', v2: 0 } }));
    assert.deepEqual(
      [status, text],
      ['unknown', `Cannot tell what changes in traffic.\n\n${notHeld}\n\n${notCompared}`],
    );
  });

  it('are unknown in every other answer about a stack file', () => {
    const unknown = 'the weights of VirtualService bookinfo/reviews belong to flagger';
    assert.deepEqual(effectiveSplits(stack(owned)), {
      'bookinfo/reviews': [{ who: 'all requests', to: { v1: '100 %' }, unknown: [unknown] }],
    });
    const expectation = { request: 'reviews.bookinfo:9080/', to: 'reviews v1' };
    assert.deepEqual(judgeExpectations(stack(owned), [expectation]), [
      { result: 'cannotTell', message: `cannot tell: ${unknown}` },
    ]);
    assert.deepEqual(judgeExpectations(stack(own), [expectation]), [{ result: 'holds', message: '' }]);
  });
});
