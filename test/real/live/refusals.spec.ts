import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { labDown, labUp, type Lab } from '../../../cluster/lab';
import { meshwright, reviewsStack } from '../../cli/support';
import { ClusterError, MeshView, type MeshViewOptions } from '../../../cluster/proxies';
import { stepByStep } from '../../support/step-by-step';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'istiod-0', namespace: 'istio-system', labels: { app: 'istiod' } },
  spec: { containers: [{ name: 'none', image: 'none' }] },
};

/** Each test depends on the ones before. The pod of istiod is a stub that does not answer. */
describe('a mesh that does not answer', function () {
  this.timeout(600_000);
  stepByStep(this);
  const root = mkdtempSync(join(tmpdir(), 'meshwright-live-'));
  let lab: Lab;
  let restricted: string;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    lab = await labUp({ root, log: (line) => console.log(`      ${line}`) });
  });

  after(async () => {
    await labDown({ root, log: () => undefined, purge: true });
    rmSync(root, { recursive: true, force: true });
  });

  const kubectl = (...words: string[]): string => execFileSync(lab.kubectl, words, { env: lab.env, encoding: 'utf8' });
  const apply = (object: object): void => {
    const file = join(root, 'object.yaml');
    writeFileSync(file, stringify(object));
    kubectl('apply', '-f', file);
  };
  const refusal = async (options: MeshViewOptions): Promise<[string, string]> => {
    const view = new MeshView(options);
    try {
      await view.while(() => view.look());
    } catch (error) {
      assert.ok(error instanceof ClusterError);
      return [error.problem, error.message];
    }
    throw new Error('it was not refused');
  };

  /** stderr of `meshwright live` with a kubeconfig; exit code 2 and no stdout. */
  const liveError = (kubeconfig: string): string => {
    const file = join(root, 'kubeconfig');
    writeFileSync(file, kubeconfig);
    const stack = join(root, 'stack.yaml');
    writeFileSync(stack, reviewsStack('{ v1: 90, v3: 10 }'));
    const { code, stdout, stderr } = meshwright(['live', '--config', stack], {
      env: { ...lab.env, KUBECONFIG: file },
    });
    assert.deepEqual([code, stdout], [2, '']);
    return stderr;
  };

  it('says that the cluster has no Istio', async () => {
    assert.deepEqual(await refusal({ kubeconfig: lab.kubeconfig }), [
      'no-istio',
      `no istiod in namespace istio-system of context ${lab.context}: no pod there has the label app=istiod`,
    ]);
    assert.equal(
      liveError(readFileSync(lab.kubeconfig, 'utf8')),
      `No Istio in this cluster: no istiod in namespace istio-system of context ${lab.context}: no pod there has the label app=istiod\n`,
    );
  });

  it('says that istiod does not answer', async () => {
    apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } });
    await sleep(1000);
    apply(pod);
    kubectl('wait', '--for=condition=Ready', 'pod/istiod-0', '-n', 'istio-system', '--timeout=60s');
    const [problem, message] = await refusal({ kubeconfig: lab.kubeconfig });
    assert.equal(problem, 'unreachable');
    assert.equal(message, 'istiod-0 does not answer: socket hang up');
    assert.equal(liveError(readFileSync(lab.kubeconfig, 'utf8')), `istiod cannot be reached: ${message}\n`);
  });

  it('says that the user may not list pods', async () => {
    const token = kubectl('create', 'token', 'default', '-n', 'istio-system').trim();
    const config = parse(readFileSync(lab.kubeconfig, 'utf8')) as { users: { user: object }[] };
    restricted = stringify({ ...config, users: config.users.map((user) => ({ ...user, user: { token } })) });
    const [problem, message] = await refusal({ kubeconfig: restricted });
    assert.equal(problem, 'forbidden');
    assert.match(message, /does not let you list the pods of istio-system: pods is forbidden/);
    assert.equal(liveError(restricted), `Not allowed: ${message}\n`);
  });

  it('says that the user may not forward a port', async () => {
    kubectl('create', 'role', 'lister', '-n', 'istio-system', '--verb=list', '--resource=pods');
    kubectl(
      'create',
      'rolebinding',
      'lister',
      '-n',
      'istio-system',
      '--role=lister',
      '--serviceaccount=istio-system:default',
    );
    const [problem, message] = await refusal({ kubeconfig: restricted });
    assert.equal(problem, 'forbidden');
    assert.match(
      message,
      /^the cluster does not let you forward a port to istio-system\/istiod-0: you need to create pods\/portforward there/,
    );
    assert.equal(liveError(restricted), `Not allowed: ${message}\n`);
  });

  it('says that there is no such context, and that nothing answers at an address', async () => {
    assert.deepEqual(await refusal({ kubeconfig: lab.kubeconfig, context: 'nope' }), [
      'no-cluster',
      `the kubeconfig has no context nope; it has ${lab.context}`,
    ]);
    const [problem, message] = await refusal({ istiod: ['127.0.0.1:1'] });
    assert.deepEqual(
      [problem, message],
      ['unreachable', 'istiod 127.0.0.1:1 does not answer: connect ECONNREFUSED 127.0.0.1:1'],
    );
  });
});
