import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProofSettings, StackSettings } from '../../../mesh/manifests/settings';
import { labDown, labUp } from '../../../cluster/lab';
import { installIstioCrds } from '../../cluster/lab/istio-crds';
import { sections } from './support/bookinfo';
import { clusterOf, type Cluster } from './support/cluster';
import { RealStack, type Ran } from './support/real-stack';
import { stepByStep } from '../../support/step-by-step';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';

const nobody = '127.0.0.1:1';
const why = `istiod ${nobody} does not answer: connect ECONNREFUSED ${nobody}`;
type Weights = Record<string, number>;

/** Each test depends on the ones before it. No istiod runs. */
describe('an update whose proxies cannot be asked, with the real Pulumi', function () {
  this.timeout(600_000);
  stepByStep(this);
  const root = mkdtempSync(join(tmpdir(), 'meshwright-proof-'));
  let stack: RealStack | undefined;
  let cluster: Cluster;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    const lab = await labUp({ root, log: (line) => console.log(`      ${line}`) });
    await installIstioCrds(lab);
    cluster = clusterOf(lab);
    stack = new RealStack(lab);
  });

  after(async () => {
    stack?.remove();
    await labDown({ root, log: () => undefined, purge: true });
    rmSync(root, { recursive: true, force: true });
  });

  const update = async (weights: Weights, proof: ProofSettings): Promise<Ran> => {
    const reviews = { versions: Object.keys(weights), weights };
    const settings: StackSettings = {
      namespaces: { one: {}, two: {} },
      routes: { one: { reviews }, two: { reviews } },
      proof: { istiod: [nobody], drainSeconds: 0, ...proof },
    };
    stack?.configure({ ...sections(settings), 'meshwright:policy': { externals: { hosts: ['*'] } } });
    assert.ok(stack);
    return stack.run('up');
  };
  /** How often an update has printed a message. */
  const told = ({ output }: Ran, text: string): number => output.split(text).length - 1;
  const weightsOf = (namespace: string): Weights => {
    const { http } = cluster.get('virtualservice', namespace, 'reviews').spec as {
      http: { route: { destination: { subset: string }; weight: number }[] }[];
    };
    return Object.fromEntries((http[0]?.route ?? []).map(({ destination, weight }) => [destination.subset, weight]));
  };
  const rules = (): string[] => cluster.names('destinationrules', 'one');

  it('goes on with one warning, however many routes there are', async () => {
    const ran = await update({ v1: 70, v2: 30 }, {});
    assert.ok(ran.succeeded, ran.output);
    assert.equal(told(ran, `${why}: routes are changed without proof that the proxies have them`), 1);
  });

  it('says nothing when the proof is off', async () => {
    const ran = await update({ v1: 60, v2: 40 }, { enabled: false });
    assert.ok(ran.succeeded, ran.output);
    assert.equal(told(ran, 'istiod'), 0);
    assert.deepEqual(weightsOf('one'), { v1: 60, v2: 40 });
  });

  it('fails where it is strict, before a route names a version that proxies may be unable to reach', async () => {
    const ran = await update({ v1: 50, v2: 40, v3: 10 }, { strict: true });
    assert.equal(ran.succeeded, false);
    assert.ok(told(ran, why) > 0, ran.output);
    assert.deepEqual(
      [weightsOf('one'), weightsOf('two')],
      [
        { v1: 60, v2: 40 },
        { v1: 60, v2: 40 },
      ],
    );
  });

  it('fails where it is strict, and removes nothing that a proxy may still use, however often it is tried', async () => {
    for (const attempt of ['first', 'second']) {
      const ran = await update({ v2: 100 }, { strict: true });
      assert.equal(ran.succeeded, false, attempt);
      assert.ok(told(ran, why) > 0, ran.output);
      assert.deepEqual(
        rules().filter((name) => name !== 'reviews.v3'),
        ['reviews.v1', 'reviews.v2'],
        attempt,
      );
    }
  });

  it('does what is left when it is not strict any more', async () => {
    const ran = await update({ v2: 100 }, {});
    assert.ok(ran.succeeded, ran.output);
    assert.deepEqual([weightsOf('one'), rules()], [{ v2: 100 }, ['reviews.v2']]);
  });
});
