import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';
import { parse, stringify } from 'yaml';
import { stackConfig } from '../../cli/start/on-lab';
import { loadStack } from '../../cli/input';
import { labSettings } from '../../cli/start/lab-settings';
import { LabStack } from '../../cli/start/lab-stack';
import { labDown, labUp, type Lab } from '../../cluster/lab';
import { meshwright } from '../cli/support';
import { kubectl } from '../cluster/lab/kubectl';
import { START_TIMEOUT_MS } from '../cluster/lab/support';
import { engineRun } from '../support/engine-run';
import { stepByStep } from '../support/step-by-step';

interface Report {
  checks: { check: string; findings: { what: string; where: string; fix: string }[]; unknown?: string }[];
}

/** Checks of the machine, which may have no Pulumi and no network. */
const local = ['node', 'pulumi', 'route-provider', 'stack-file', 'charts'];

/** A self-signed certificate that ends in so many days. */
function certificate(days: number): { pem: string; key: string } {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const made = forge.pki.createCertificate();
  made.publicKey = keys.publicKey;
  made.serialNumber = '01';
  made.validity.notBefore = new Date(Date.now() - 100 * 86_400_000);
  made.validity.notAfter = new Date(Date.now() + days * 86_400_000 + 3_600_000);
  made.setSubject([{ name: 'commonName', value: 'planted' }]);
  made.setIssuer([{ name: 'commonName', value: 'planted' }]);
  made.sign(keys.privateKey, forge.md.sha256.create());
  return { pem: forge.pki.certificateToPem(made), key: forge.pki.privateKeyToPem(keys.privateKey) };
}

/** Each test depends on the ones before. */
describe('meshwright doctor on a lab with the default stack', function () {
  this.timeout(300_000);
  stepByStep(this);
  const root = mkdtempSync(join(tmpdir(), 'meshwright-doctor-'));
  let lab: Lab;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    const log = (line: string): void => console.log(`      ${line}`);
    lab = await labUp({ root, log });
    const stack = await LabStack.open(lab, 'doctor', { log });
    const { settings } = loadStack({ stack: 'dev' });
    stack.configure(stackConfig(labSettings(settings, { istio: lab.charts }).settings, {}));
    const { succeeded, stderr } = await engineRun((options) => stack.up(options), false);
    assert.ok(succeeded, stderr);
  });
  after(async () => {
    await labDown({ root, log: () => undefined, purge: true });
    rmSync(root, { recursive: true, force: true });
  });

  const apply = async (...objects: object[]): Promise<void> => {
    await kubectl(lab, ['apply', '-f', '-'], objects.map((object) => stringify(object)).join('---\n'));
  };
  const doctor = (kubeconfig = lab.kubeconfig): { code: number | null; checks: Report['checks'] } => {
    const { code, stdout, stderr } = meshwright(['doctor', '--json', '--kubeconfig', kubeconfig], { env: lab.env });
    assert.equal(stderr, '');
    const { checks } = JSON.parse(stdout) as Report;
    return { code, checks: checks.filter(({ check }) => !local.includes(check)) };
  };
  const found = (checks: Report['checks']): string[] =>
    checks.flatMap(({ check, findings, unknown }) => [
      ...findings.map(({ where, what }) => `${check}, ${where}: ${what}`),
      ...(unknown === undefined ? [] : [`${check}: ${unknown}`]),
    ]);

  it('has no findings on a healthy cluster', () => {
    assert.deepEqual(found(doctor().checks), []);
  });

  it('finds every planted fault, and nothing else', async () => {
    const [foreign, ending, ended] = [certificate(900), certificate(5), certificate(-2)];
    const base64 = (value: string): string => Buffer.from(value).toString('base64');
    const namespace = (name: string, labels = {}): object => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    });
    const pod = (name: string, container: object, labels = {}): object => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'planted', labels },
      spec: { containers: [container] },
    });
    const leftover = (name: string, service: string): object => ({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name, labels: { app: 'sidecar-injector', 'istio.io/rev': name, 'istio.io/tag': name } },
      webhooks: [
        {
          name: `${name}.example.com`,
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Ignore',
          objectSelector: { matchLabels: { no: 'object' } },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }],
          clientConfig: {
            service: { name: service, namespace: 'istio-system', path: '/inject', port: 443 },
            caBundle: base64(foreign.pem),
          },
        },
      ],
    });
    const gateway = (credentialName: string): object => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name: credentialName, namespace: 'planted' },
      spec: {
        selector: { istio: 'planted' },
        servers: [
          {
            port: { number: 443, name: credentialName, protocol: 'HTTPS' },
            hosts: [`${credentialName}.example.com`],
            tls: { mode: 'SIMPLE', credentialName },
          },
        ],
      },
    });
    await apply(namespace('planted'), namespace('stuck'), namespace('canary', { 'istio.io/rev': 'canary' }));
    await apply(
      pod('early', { name: 'app', image: 'example.com/app:1' }),
      pod('old', { name: 'istio-proxy', image: 'example.com/proxyv2:1.28.0' }, { 'sidecar.istio.io/inject': 'false' }),
      pod('auto', { name: 'istio-proxy', image: 'auto' }, { 'sidecar.istio.io/inject': 'false' }),
      leftover('gone', 'istiod-gone'),
      leftover('foreign', 'istiod'),
      gateway('missing'),
      gateway('ended'),
      {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/tls',
        metadata: { name: 'ended', namespace: 'planted' },
        stringData: { 'tls.crt': ended.pem, 'tls.key': ended.key },
      },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'cacerts', namespace: 'istio-system' },
        stringData: { 'ca-cert.pem': ending.pem },
      },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'helm.sh/release.v1',
        metadata: {
          name: 'sh.helm.release.v1.istiod.v2',
          namespace: 'istio-system',
          labels: { owner: 'helm', name: 'istiod', status: 'pending-upgrade', version: '2' },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'waiting', namespace: 'planted' },
        spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
      },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'kept', namespace: 'stuck', finalizers: ['example.com/kept'] },
      },
    );
    await kubectl(lab, ['label', 'namespace', 'planted', 'istio-injection=enabled']);
    await kubectl(lab, ['delete', 'namespace', 'stuck', '--wait=false']);
    const { code, checks } = doctor();
    assert.equal(code, 1);
    const day = (days: number): string =>
      new Date(Date.now() + days * 86_400_000 + 3_600_000).toISOString().slice(0, 10);
    const wrongRoot = "has a CA bundle without istiod's root certificate, so every call fails with an x509 error";
    assert.deepEqual(
      found(checks).map((line) => line.replace(/, and waits: .*/, '')),
      [
        `webhooks, MutatingWebhookConfiguration foreign: ${wrongRoot}`,
        `webhooks, MutatingWebhookConfiguration gone: ${wrongRoot}`,
        'webhooks, MutatingWebhookConfiguration gone: leads to Service istio-system/istiod-gone, which does not exist',
        'revisions, Namespace canary: asks for revision canary, which no control plane and no tag serves: its new pods get no sidecar',
        'sidecars, Namespace planted: 1 pod without sidecar, created before injection was on or while istiod did not answer: early',
        `proxy-versions, Namespace planted: 1 pod with proxy 1.28.0, and istiod is ${istiodVersion(await kubectl(lab, ['get', 'deployment', 'istiod', '-n', 'istio-system', '-o', 'yaml']))}: old`,
        'auto-images, Namespace planted: 1 pod with image "auto", which no injector replaced: auto',
        'certificates, Gateway planted/missing: names the Secret planted/missing, which does not exist: the gateway serves no TLS on that port',
        `certificates, Secret istio-system/cacerts, ca-cert.pem: certificate expires on ${day(5)}, in 5 days`,
        `certificates, Secret planted/ended, tls.crt: certificate expired on ${day(-2)}`,
        'releases, Helm release istio-system/istiod: revision 2 is pending-upgrade: the next update ends in "another operation is in progress"',
        'load-balancers, Service planted/waiting: LoadBalancer without an address: the cluster has no load balancer, or it is still busy',
        'namespaces, Namespace stuck: is being deleted',
      ],
    );
  });

  it('names what a restricted user lacks, and what it could not see', async () => {
    await kubectl(lab, ['create', 'serviceaccount', 'viewer', '-n', 'default']);
    await kubectl(lab, [
      'create',
      'clusterrolebinding',
      'viewer',
      '--clusterrole=view',
      '--serviceaccount=default:viewer',
    ]);
    const token = (await kubectl(lab, ['create', 'token', 'viewer', '-n', 'default'])).trim();
    const config = parse(readFileSync(lab.kubeconfig, 'utf8')) as { users: { user: object }[] };
    config.users = config.users.map((one) => ({ ...one, user: { token } }));
    const file = join(root, 'viewer.yaml');
    writeFileSync(file, stringify(config));
    const { code, checks } = doctor(file);
    const rights = checks.find(({ check }) => check === 'rights')?.findings ?? [];
    assert.equal(code, 1);
    const lacks = rights.map(({ what, where }) => `${where}: ${what}`);
    for (const line of [
      'Namespace bookinfo: no right to create, delete, get, patch networking.istio.io/virtualservices',
      'Namespace istio-ingress: no right to create pods/portforward',
    ])
      assert.ok(lacks.includes(line), lacks.join('\n'));
    const open = checks.filter(({ unknown }) => unknown !== undefined);
    assert.deepEqual(
      open.map(({ check }) => check),
      ['webhooks', 'revisions', 'certificates', 'releases'],
    );
    for (const { unknown } of open)
      assert.match(
        unknown ?? '',
        /^not allowed: .* is forbidden: User "system:serviceaccount:default:viewer" cannot list resource/,
      );
  });
});

function istiodVersion(yaml: string): string {
  return /pilot:(\d+\.\d+\.\d+)/.exec(yaml)?.[1] ?? '';
}
