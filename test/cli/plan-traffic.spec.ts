import assert from 'node:assert/strict';
import { delimiter, dirname } from 'node:path';
import { UserError } from '../../cli/errors';
import { applyInLab } from '../../cli/start/apply-in-lab';
import { plannedTraffic, plannedTrafficText } from '../../cli/start/plan-traffic';
import { routeRows } from '../../cli/start/route-rows';
import { renderMesh } from '../../components/manifests/mesh';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { parseStackText } from '../../config/stack-text';
import { applyObjects, planObjects, removeAll, type Lab } from '../../lab';
import { sharedLab, START_TIMEOUT_MS } from '../lab/support';
import { meshwright, temporaryFolder } from './support';

const name = 'plan-traffic-spec';
const log = (): void => undefined;

/** A stack of one service, in a namespace that no other test has. */
const stackText = (weights: string, http = ''): string => `config:
  meshwright:namespaces: { ${name}: {} }
  meshwright:routes:
    ${name}:
      web: { versions: [v1, v2], weights: ${weights}${http} }
  meshwright:objects:
    - { apiVersion: v1, kind: Service, metadata: { name: web, namespace: ${name} }, spec: { ports: [{ name: http, port: 80 }] } }
`;

function objectsOf(text: string): KubernetesObject[] {
  const parsed = parseStackText(text, 'stack.yaml');
  assert.ok(!('problems' in parsed));
  return renderMesh(parsed.settings).objects.map(({ object }) => object);
}

/** What the terminal shows; '' for nothing. */
async function shown(lab: Lab, objects: KubernetesObject[]): Promise<string> {
  const traffic = plannedTraffic(lab, objects, await planObjects(lab, objects, { name }));
  return traffic === undefined ? '' : plannedTrafficText(traffic);
}

describe('traffic of a plan', function () {
  this.timeout(START_TIMEOUT_MS);
  const folder = temporaryFolder();
  let lab: Lab;
  const old = stackText('{ v1: rest, v2: 10 }');
  const next = stackText(
    '{ v1: rest, v2: 25 }',
    ', http: [{ match: [{ headers: { end-user: { exact: jason } } }], weights: { v2: 100 } }]',
  );
  const moved = `web.${name}.svc.cluster.local:80, from workloads
  header end-user is jason: 90 % moves
    - web.${name} v1 90 %, web.${name} v2 10 %
    + web.${name} v2
  everybody else: 15 % moves
    - web.${name} v1 90 %, web.${name} v2 10 %
    + web.${name} v1 75 %, web.${name} v2 25 %

New rules
  VirtualService ${name}/web spec.http[0]
`;

  before(async () => {
    lab = await sharedLab();
    await applyObjects(lab, objectsOf(old), { name, log });
  });
  after(async () => {
    await removeAll(lab, { name, log });
  });

  it('tells what moves, class by class', async () => {
    const objects = objectsOf(next);
    assert.equal(await shown(lab, objects), `Traffic\n${moved}`);
  });

  it('tells what becomes of requests to what is removed', async () => {
    const objects = objectsOf(old).filter(({ kind }) => kind !== 'DestinationRule');
    assert.equal(
      await shown(lab, objects),
      `Traffic
web.${name}.svc.cluster.local:80, from workloads
  everybody: 100 % moves
    - web.${name} v1 90 %, web.${name} v2 10 %
    + web.${name} v1 90 % (503: no DestinationRule gives web.${name}.svc.cluster.local a subset v1), web.${name} v2 10 % (503: no DestinationRule gives web.${name}.svc.cluster.local a subset v2)
`,
    );
  });

  it('is refused where it goes further than the stack allows, and nothing is touched', async () => {
    const stack = `${next}  meshwright:policy: { maxStep: 10 }\n`;
    const parsed = parseStackText(stack, 'stack.yaml');
    assert.ok(!('problems' in parsed));
    const mesh = renderMesh(parsed.settings);
    await assert.rejects(
      applyInLab(lab, mesh, name, parsed.policy),
      new UserError(
        [
          'this change is refused',
          `  VirtualService ${name}/web, spec.http[1].route[1].weight: web subset v2 would go from 10 to 25 at once, by 15; allowed are steps of 10 (maxStep). Go in several updates (weight-step-limit)`,
          'nothing was changed',
        ].join('\n'),
      ),
    );
    assert.equal(await shown(lab, objectsOf(old)), '');
  });

  it('is silent where nothing changes, and where nothing was there before', async () => {
    const same = objectsOf(old);
    assert.equal(await shown(lab, same), '');
    const fresh = { created: ['Namespace x'], changed: [], removed: [], unchanged: 0 };
    assert.equal(plannedTraffic(lab, same, fresh), undefined);
  });

  it('is what `meshwright diff --cluster` tells of the stack', () => {
    const config = folder.file('after.yaml', next);
    const env = { ...process.env, PATH: `${dirname(lab.kubectl)}${delimiter}${process.env['PATH'] ?? ''}` };
    const words = ['diff', '--cluster', '--kubeconfig', lab.kubeconfig, '--config', config];
    assert.deepEqual(meshwright(words, { env }), { code: 1, stdout: moved, stderr: '' });
  });

  it('leaves a summary of who goes where', () => {
    const http = ', http: [{ match: [{ uri: { prefix: /slow } }], timeout: 1s }]';
    assert.deepEqual(routeRows(objectsOf(stackText('{ v1: rest, v2: 25 }', http))), [
      [`${name}/web`, 'path starts with /slow', 'v1 75 %, v2 25 %; timeout 1s'],
      [`${name}/web`, 'everybody else', 'v1 75 %, v2 25 %'],
    ]);
  });
});
