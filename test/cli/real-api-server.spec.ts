import assert from 'node:assert/strict';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { labApi } from '../../cluster/lab/lab';
import type { KubernetesApi } from '../../cluster/api';
import { isClusterScoped } from '../../policy/schema/kubernetes';
import { fuzzStackFiles } from '../../tools/fuzz/fuzz';
import { installIstioCrds } from '../cluster/lab/istio-crds';
import { sharedLab, START_TIMEOUT_MS } from '../cluster/lab/support';
import { long } from '../support/long';
import { meshwright, temporaryFolder } from './support';

const manager = 'test';

describe('a real API server', function () {
  this.timeout(300_000);
  const folder = temporaryFolder();
  let api: KubernetesApi;

  const namespaces = ['admission-shop', 'admission-other', 'accepted'];
  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    const lab = await sharedLab();
    await installIstioCrds(lab);
    api = labApi(lab);
    for (const name of namespaces)
      await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { manager });
  });

  /** Why an object is refused; '' when it is accepted. */
  async function refusal(object: KubernetesObject): Promise<string> {
    try {
      await api.apply(object, { manager, strict: true, dryRun: true });
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  }

  it('with the policy of render --admission, lets only the named namespaces route a host', async () => {
    const stack = folder.file(
      'Pulumi.admission.yaml',
      `config:
  meshwright:namespaces: { admission-shop: {} }
  meshwright:objects:
    - apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: { name: web, namespace: admission-shop }
      spec: { hosts: [www.example.com, "*.shop.example"], http: [{ route: [{ destination: { host: web } }] }] }
`,
    );
    const { code, stdout, stderr } = meshwright(['render', '-c', stack, '--admission']);
    assert.equal(code, 0, stderr);
    const policies = parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject);
    for (const policy of policies) await api.apply(policy, { manager, strict: true });
    const route = (namespace: string, ...hosts: string[]): KubernetesObject => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'probe', namespace },
      spec: { hosts, http: [{ route: [{ destination: { host: 'web' } }] }] },
    });
    // The API server reads a new policy within seconds.
    for (let tries = 0; tries < 60 && (await refusal(route('admission-other', 'www.example.com'))) === ''; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 500));
    const cases: [string, string[], boolean][] = [
      ['admission-shop', ['www.example.com', 'a.shop.example', 'web'], true],
      ['admission-other', ['www.example.com'], false],
      ['admission-other', ['a.shop.example'], false],
      ['admission-other', ['web.admission-shop.svc.cluster.local'], false],
      ['admission-other', ['web', 'other.example.com', 'web.admission-other.svc.cluster.local', '*'], true],
      ['admission-other', ['web', 'www.example.com'], false],
    ];
    const found: [string, string[], boolean][] = [];
    for (const [namespace, hosts] of cases)
      found.push([namespace, hosts, (await refusal(route(namespace, ...hosts))) === '']);
    assert.deepEqual(found, cases);
    assert.match(
      await refusal(route('admission-other', 'www.example.com', 'x.example.com')),
      /namespace admission-other may not route www\.example\.com: the stack admission says who may/,
    );
    for (const policy of policies.reverse()) await api.remove(policy);
  });

  it('accepts the objects of every stack file that is accepted', async function () {
    this.timeout(long ? 1_200_000 : 300_000);
    const objects = new Map<string, KubernetesObject>();
    fuzzStackFiles(long ? 10_000 : 400, 99, (made) => {
      for (const object of made) {
        // All in one namespace that exists.
        const metadata = isClusterScoped(object) ? object.metadata : { ...object.metadata, namespace: 'accepted' };
        const placed = { ...object, metadata };
        objects.set(JSON.stringify(placed), placed);
      }
    });
    const refused: string[] = [];
    // Drawn evenly, because most of the first ones are unchanged objects of the stack files to start from.
    const all = [...objects.values()];
    const drawn = all
      .filter((_, index) => all.length <= 500 || index % Math.floor(all.length / 500) === 0)
      .slice(0, 500);
    for (const object of drawn) {
      const why = await refusal(object);
      if (why !== '' && !/no kind|not found|does not know/.test(why)) refused.push(`${why}\n${JSON.stringify(object)}`);
    }
    console.log(`      ${drawn.length} of ${objects.size} objects`);
    assert.ok(objects.size > 200, `${objects.size} objects`);
    assert.deepEqual(refused, []);
  });
});
