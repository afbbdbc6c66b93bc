import assert from 'node:assert/strict';
import { meshwright, temporaryFolder } from '../support';

interface Report {
  cluster: { server: string; context: string } | null;
  checks: { check: string; findings: { where: string; what: string }[]; unknown?: string }[];
  notes: string[];
}

/** Without a network and perhaps without Pulumi, these may have findings. */
const ofMachine = ['pulumi', 'charts'];

describe('meshwright doctor', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const stack = folder.file('routes.yaml', 'config:\n  meshwright:namespaces: { shop: { injection: true } }\n');
  const kubeconfig = (server: string): string =>
    folder.file(
      `${server.replace(/\W/g, '')}.kubeconfig`,
      `apiVersion: v1
kind: Config
current-context: far
clusters: [{ name: far, cluster: { server: '${server}' } }]
users: [{ name: far, user: {} }]
contexts: [{ name: far, context: { cluster: far, user: far } }]
`,
    );
  const env = { ...process.env, HOME: folder.path, KUBECONFIG: '' };

  it('says which checks could not be run when the cluster does not answer', () => {
    const file = kubeconfig('http://127.0.0.1:1');
    const { code, stdout } = meshwright(['doctor', '--config', stack, '--kubeconfig', file, '--json'], { env });
    const { cluster, checks } = JSON.parse(stdout) as Report;
    const found = checks.flatMap(({ findings }) => findings).length > 0;
    assert.deepEqual([code, cluster], [found ? 1 : 3, { server: 'http://127.0.0.1:1', context: 'far' }]);
    const open = checks.filter(({ unknown }) => unknown !== undefined);
    assert.equal(open.length, 12);
    for (const { unknown } of open)
      assert.match(unknown ?? '', /^the API server http:\/\/127\.0\.0\.1:1 does not answer: /);
  });

  it('checks only the machine without a cluster, and says so', () => {
    const { stdout } = meshwright(['doctor', '--config', stack, '--json'], { env });
    const { cluster, checks, notes } = JSON.parse(stdout) as Report;
    const said = notes.filter((note) => note.includes('only this machine'));
    // The lab of this checkout may be up: then it is the cluster.
    assert.deepEqual(
      [checks.length, said],
      cluster === null ? [5, ['no kubeconfig and no lab, so only this machine was checked']] : [17, []],
    );
  });

  it('cannot tell when the context does not exist', () => {
    const file = kubeconfig('http://127.0.0.1:1');
    const { stdout } = meshwright(['doctor', '--config', stack, '--kubeconfig', file, '--context', 'near', '--json'], {
      env,
    });
    const reasons = (JSON.parse(stdout) as Report).checks.flatMap(({ unknown }) => unknown ?? []);
    assert.deepEqual([...new Set(reasons)], ['the kubeconfig has no context near; it has far']);
  });

  it('names the problem of a stack file that is refused', () => {
    const bad = folder.file('bad.yaml', 'config:\n  meshwright:namespaces: { shop: { injektion: true } }\n');
    const file = kubeconfig('http://127.0.0.1:1');
    const { code, stdout } = meshwright(['doctor', '--config', bad, '--kubeconfig', file, '--json'], { env });
    const stackFile = (JSON.parse(stdout) as Report).checks.find(({ check }) => check === 'stack-file');
    assert.equal(code, 1);
    assert.match(stackFile?.findings[0]?.where ?? '', /bad\.yaml:2:\d+ meshwright:namespaces\.shop\.injektion/);
  });

  it('prints each check in a line', () => {
    const file = kubeconfig('http://127.0.0.1:1');
    const { stdout } = meshwright(['doctor', '--config', stack, '--kubeconfig', file], { env });
    assert.match(stdout, /^ok {7}node {12}Node is new enough\n/);
    assert.match(stdout, /\nunknown {2}webhooks {8}the API server http:\/\/127\.0\.0\.1:1 does not answer: /);
    assert.match(stdout, /12 checks could not be run\n$/);
    assert.ok(ofMachine.every((check) => stdout.includes(` ${check} `)));
  });

  it('refuses a kubeconfig that is no file, and a stack file that does not exist', () => {
    assert.deepEqual(meshwright(['doctor', '--config', stack, '--kubeconfig', 'none'], { env }), {
      code: 2,
      stdout: '',
      stderr: '--kubeconfig none is not a file.\n',
    });
    assert.equal(meshwright(['doctor', '--config', 'none.yaml'], { env }).code, 2);
  });
});
