import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@grpc/grpc-js';
import { stringify } from 'yaml';
import type { StackSettings } from '../../../mesh/manifests/settings';
import { renderMesh } from '../../../mesh/manifests/mesh';
import type { CheckOptions } from '../../../policy/rule';
import { stackConfig } from '../../../cli/start/on-lab';
import { deploy, takeDown } from '../../../cli/start/deploy';
import { LabStack } from '../../../cli/start/lab-stack';
import { stackFolders } from '../../../cli/start/stack-state';
import { labApi, type Lab } from '../../../cluster/lab';
import { installIstioCrds } from '../../cluster/lab/istio-crds';
import { kubectl } from '../../cluster/lab/kubectl';
import { collect, get, sharedLab, START_TIMEOUT_MS } from '../../cluster/lab/support';
import { meshwright, temporaryFolder } from '../support';

const name = 'deploy-spec';

/** A stack of one service, in a namespace that no other test has. */
function settings(v2: number, more: StackSettings = {}): StackSettings {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: name },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }] },
  };
  const deployments = ['v1', 'v2'].map((version) => {
    const labels = { app: 'web', version };
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: `web-${version}`, namespace: name },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web' }] } },
      },
    };
  });
  return {
    namespaces: { [name]: {} },
    routes: { [name]: { web: { versions: ['v1', 'v2'], weights: { v1: 'rest', v2 } } } },
    objects: [service, ...deployments],
    proof: { enabled: false },
    ...more,
  };
}

/** The API server must refuse a broken ConfigMap, not the check. */
const checked: CheckOptions = { rules: { 'kubernetes-schema': 'off' } };

/** Longest time of one test, in milliseconds. */
const TEST_TIMEOUT_MS = 3 * 60_000;

/** Time between two looks whether to cancel, in milliseconds. */
const CANCEL_PAUSE_MS = 50;

/** Each test depends on the ones before it. */
describe('a deployment to the lab, with the real engine', function () {
  this.timeout(TEST_TIMEOUT_MS);
  const folder = temporaryFolder();
  let lab: Lab;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    lab = await sharedLab();
    await installIstioCrds(lab);
  });

  const open = (): Promise<LabStack> => LabStack.open(lab, name, { log: () => undefined });

  /** The output on stdout and stderr, without durations. */
  async function deployed(
    wanted: StackSettings,
    policy: CheckOptions = checked,
  ): Promise<{ printed: string; lines: string[] }> {
    const stack = await open();
    stack.configure(stackConfig(wanted, policy));
    const objects = renderMesh(wanted).objects.map(({ object }) => object);
    const { lines, log } = collect();
    let printed = '';
    await deploy(lab, stack, { objects, print: (text) => (printed += text), log });
    // The number of progress lines depends on the machine.
    const talk = lines.filter((line) => !/, \d+ s$/.test(line));
    return { printed: printed.replaceAll(/in \d+ s/g, 'in a while'), lines: talk };
  }

  async function down(agrees: boolean): Promise<{ done: boolean; asked: string[]; printed: string }> {
    const asked: string[] = [];
    let printed = '';
    const done = await takeDown(await open(), {
      confirm: (question) => {
        asked.push(question);
        return Promise.resolve(agrees);
      },
      print: (text) => (printed += text),
      log: () => undefined,
    });
    return { done, asked, printed: printed.replaceAll(/in \d+ s/g, 'in a while') };
  }

  /** Cancels the run, as Ctrl-C does, as soon as the condition holds. */
  async function cancelWhen(holds: () => Promise<boolean>): Promise<void> {
    const until = Date.now() + TEST_TIMEOUT_MS;
    while (!(await holds()) && Date.now() < until) await sleep(CANCEL_PAUSE_MS);
    process.emit('SIGTERM');
  }

  it('refuses objects of others, and changes nothing', async () => {
    await kubectl(lab, ['create', 'namespace', name]);
    await assert.rejects(deployed(settings(10)), {
      name: 'UserError',
      message: [
        `Namespace ${name} exists, and this stack did not create it (field managers: kubectl-create).`,
        'With `existing: true` the stack only labels a namespace, and keeps it on destroy.',
        `To take it over: meshwright:adopt: ["Namespace ${name}"], or true for all.`,
        `${name}: nothing was changed`,
      ].join('\n'),
    });
    await kubectl(lab, ['delete', 'namespace', name]);
  });

  it('is refused for a bad verbatim object, with the place of each problem, and nothing is changed', async () => {
    const { objects = [] } = settings(10);
    const route = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'web', namespace: name },
      spec: {
        hosts: ['web'],
        http: [{ route: [90, 20].map((weight) => ({ destination: { host: 'web' }, weight })) }],
      },
    };
    await assert.rejects(deployed(settings(10, { routes: {}, objects: [...objects, route] })), (error) => {
      const { name: kind, message } = error as Error;
      const lines = message.split('\n').filter((line) => !line.startsWith('Fix: '));
      assert.deepEqual(
        [kind, lines],
        [
          'UserError',
          [
            `invalid configuration for stack ${name}, nothing was changed: 2 problems`,
            'meshwright:objects[3].spec.http[0].route',
            '  weights must sum to 100, these sum to 110 (web 90, web 20); Istio would scale them to web 81.8 %, web 18.2 % (weight-sum-100)',
            'meshwright:objects[3].spec.http[0].route[1].destination',
            '  web is the same destination as spec.http[0].route[0]; name another version, or add up their weights in one (repeated-destination)',
            `meshwright check --stack ${name} shows the lines`,
            `${name}: nothing was changed`,
          ],
        ],
      );
      return true;
    });
    assert.equal(await get(lab, 'namespace', name), undefined);
  });

  it('shows the plan, executes it and reports the result; the first time without traffic', async () => {
    const { printed, lines } = await deployed(settings(10));
    const [first, plan, ...rest] = printed.split('\n');
    // Objects without dependencies come in any order.
    assert.deepEqual(
      [first, plan, rest.slice(0, 7).sort(), rest.slice(7), lines],
      [
        '',
        'Plan',
        [
          `+ Deployment ${name}/web-v1`,
          `+ Deployment ${name}/web-v2`,
          `+ DestinationRule ${name}/web.v1`,
          `+ DestinationRule ${name}/web.v2`,
          `+ Namespace ${name}`,
          `+ Service ${name}/web`,
          `+ VirtualService ${name}/web`,
        ],
        ['7 to create, 0 to change, 0 to remove, 0 unchanged', '', '7 created in a while', '', ''],
        [],
      ],
    );
  });

  it('does not wait for Services and Ingresses, which never become ready on the lab', async () => {
    const { objects = [] } = settings(10);
    const backend = { service: { name: 'web', port: { number: 80 } } };
    const spec = { rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] };
    const ingress = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'in', namespace: name },
      spec,
    };
    assert.match(
      (await deployed(settings(10, { objects: [...objects, ingress] }))).printed,
      /\n1 created in a while\n/,
    );
    await deployed(settings(10));
  });

  it('changes nothing the second time', async () => {
    assert.deepEqual(await deployed(settings(10)), { printed: '\nPlan\nno changes (7 objects)\n\n', lines: [] });
  });

  it('closes the connections of its program to the engine, one to each of its two servers', async () => {
    const closed = new Set<string>();
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own this below
    const { close } = Client.prototype;
    Client.prototype.close = function (this: Client) {
      closed.add(this.getChannel().getTarget());
      close.call(this);
    };
    try {
      await (await open()).preview();
    } finally {
      Client.prototype.close = close;
    }
    assert.deepEqual(
      [...closed].map((target) => target.replace(/\d+$/, 'PORT')),
      ['dns:127.0.0.1:PORT', 'dns:127.0.0.1:PORT'],
    );
  });

  const moved = `web.${name}.svc.cluster.local:80, from workloads
  all requests: 15 % moves
    - web.${name} v1 90 %, web.${name} v2 10 %
    + web.${name} v1 75 %, web.${name} v2 25 %
`;

  it('has the same words as `meshwright diff --cluster`', () => {
    const config = folder.file('after.yaml', stringify({ config: stackConfig(settings(25), checked) }));
    const env = { ...process.env, PATH: `${dirname(lab.kubectl)}${delimiter}${process.env['PATH'] ?? ''}` };
    const args = ['diff', '--cluster', '--kubeconfig', lab.kubeconfig, '--config', config];
    assert.deepEqual(meshwright(args, { env }), { code: 1, stdout: moved, stderr: '' });
  });

  it('shows what moves, and changes one object', async () => {
    assert.deepEqual(await deployed(settings(25)), {
      printed: `
Plan
~ VirtualService ${name}/web
    spec.http[0].route[0].weight: 90 -> 75
    spec.http[0].route[1].weight: 10 -> 25
0 to create, 1 to change, 0 to remove, 6 unchanged

Traffic
${moved}
1 changed in a while

`,
      lines: [],
    });
  });

  it('refuses a step that is larger than the stack allows, and changes nothing', async () => {
    await assert.rejects(deployed(settings(50), { ...checked, maxStep: 10 }), {
      name: 'UserError',
      message: `VirtualService ${name}/web: this change is refused: spec.http[0].route[1].weight: web subset v2 would go from 25 to 50 at once, by 25; allowed are steps of 10 (maxStep). Go in several updates (weight-step-limit)\n${name}: nothing was changed`,
    });
    assert.deepEqual((await deployed(settings(25))).printed, '\nPlan\nno changes (7 objects)\n\n');
  });

  it('refuses a bad configuration without a stack trace', async () => {
    const stack = await open();
    stack.configure(stackConfig(settings(25, { namespaces: { [name]: { injektion: true } } } as never), {}));
    await assert.rejects(deploy(lab, stack, { objects: [], print: () => undefined, log: () => undefined }), (error) => {
      const { name: kind, message } = error as Error;
      assert.equal(kind, 'UserError');
      assert.match(message, /^invalid configuration for stack deploy-spec, nothing was changed: 1 problem\n/);
      assert.doesNotMatch(message, /\n\s+at /);
      return true;
    });
  });

  it('reports what the API server refuses, what was done until then, and that a second run continues', async () => {
    const later = `${name}-later`;
    const bad = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'bad', namespace: later },
      data: { 'a b': '' },
    };
    const { objects = [] } = settings(25);
    // The preview cannot try an object in a namespace that does not exist yet.
    const wanted = settings(25, { namespaces: { [name]: {}, [later]: {} }, objects: [...objects, bad] });
    await assert.rejects(deployed(wanted), (error) => {
      assert.match(
        (error as Error).message,
        /^ConfigMap deploy-spec-later\/bad: ConfigMap "bad" is invalid: data\[a b\].*\ndeploy-spec: 1 created in \d+ s; a second run continues from there$/,
      );
      return true;
    });
    assert.match((await deployed(settings(25))).printed, /\n1 removed in a while\n\n$/);
  });

  it('compares with the cluster on request, and reverts manual changes', async () => {
    const patch = [{ op: 'replace', path: '/spec/http/0/route/0/weight', value: 1 }];
    await kubectl(lab, ['patch', 'virtualservice', 'web', '-n', name, '--type=json', `-p=${JSON.stringify(patch)}`]);
    const stack = await open();
    stack.configure(stackConfig(settings(25), checked));
    let printed = '';
    const print = (text: string): string => (printed += text);
    await deploy(lab, stack, { objects: [], refresh: true, print, log: () => undefined });
    assert.match(
      printed,
      /~ VirtualService deploy-spec\/web\n {4}spec\.http\[0\]\.route\[0\]\.weight: 1 -> 75\n0 to create, 1 to/,
    );
  });

  it('ends early when it is cancelled, reports what was done, and is finished by the next run', async () => {
    const { objects = [] } = settings(25);
    // Nothing in the lab provides a volume for it.
    const spec = { accessModes: ['ReadWriteOnce'], storageClassName: '', resources: { requests: { storage: '1Gi' } } };
    const slow = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'slow', namespace: name }, spec };
    const cancelled = cancelWhen(async () => (await get(lab, 'pvc', 'slow', '-n', name)) !== undefined);
    await assert.rejects(deployed(settings(25, { objects: [...objects, slow] })), (error) => {
      assert.match((error as Error).message, /^cancelled: .*; a second run continues from there$/);
      return true;
    });
    await cancelled;
    await deployed(settings(25));
    assert.equal(await get(lab, 'pvc', 'slow', '-n', name), undefined);
  });

  it('deletes what a killed run had created without recording it, and nothing that others made', async () => {
    const type = 'kubernetes:core/v1:ConfigMap';
    const created = async (of: string, manager: string) => {
      const annotations = { 'pulumi.com/patchFieldManager': `meshwright-${of}` };
      const inputs = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: of, namespace: name, annotations } };
      await labApi(lab).apply(inputs, { manager });
      const urn = `urn:pulumi:${name}::meshwright::${type}::${of}`;
      return { type: 'creating', resource: { urn, type, custom: true, inputs } };
    };
    const pending = [await created('lost', 'meshwright-lost'), await created('theirs', 'kubectl')];
    // Pulumi's import of a state drops such operations, so the test writes the file of the backend.
    const file = join(stackFolders(lab).backend, '.pulumi', 'stacks', 'meshwright', `${name}.json`);
    const state = JSON.parse(readFileSync(file, 'utf8')) as { checkpoint: { latest: object } };
    const latest = { ...state.checkpoint.latest, pending_operations: pending };
    writeFileSync(file, JSON.stringify({ ...state, checkpoint: { ...state.checkpoint, latest } }));
    assert.equal((await open()).isInterrupted, true);
    assert.equal((await deployed(settings(25))).printed, '\nPlan\nno changes (7 objects)\n\n');
    assert.equal(await get(lab, 'configmap', 'lost', '-n', name), undefined);
    assert.notEqual(await get(lab, 'configmap', 'theirs', '-n', name), undefined);
    assert.equal((await open()).isInterrupted, false);
    await kubectl(lab, ['delete', 'configmap', 'theirs', '-n', name]);
  });

  it('is removed only after confirmation', async () => {
    const { done, asked, printed } = await down(false);
    assert.deepEqual([done, asked], [false, [`Remove the stack ${name}?`]]);
    assert.match(printed, /^Plan\n(- .*\n){7}0 to create, 0 to change, 7 to remove, 0 unchanged\n\n$/);
    assert.notEqual(await get(lab, 'service', 'web', '-n', name), undefined);
  });

  it('is removed with all its objects, and without those of others', async () => {
    await kubectl(lab, ['create', 'configmap', 'theirs', '-n', 'default']);
    const { done, printed } = await down(true);
    assert.deepEqual([done, printed.split('\n').at(-2)], [true, '7 removed in a while']);
    assert.equal(await get(lab, 'namespace', name), undefined);
    assert.notEqual(await get(lab, 'configmap', 'theirs', '-n', 'default'), undefined);
    await kubectl(lab, ['delete', 'configmap', 'theirs', '-n', 'default']);
  });
});

describe('meshwright down', () => {
  it('fails for an unknown sample, and suggests the nearest, without a lab', () => {
    const { code, stdout, stderr } = meshwright(['down', '--sample', '003/dela']);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^no state "dela" of sample 003-course; did you mean "delay"\?/);
  });
});
