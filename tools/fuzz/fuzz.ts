import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { renderMesh } from '../../mesh/manifests/mesh';
import { isMap } from '../../mesh/json';
import { type Random, seededRandom } from '../../mesh/traffic/explanation';
import { effectiveSplits } from '../../mesh/traffic/splits';
import { stackTraffic } from '../../mesh/traffic/stack-objects';
import { checkMesh } from '../../config/check-mesh';
import { withoutEncryptedObjects } from '../../config/encrypted';
import { parseStackText } from '../../config/stack-text';
import { readKubernetesYaml } from '../../config/yaml';
import { checkReport } from '../../policy/check';
import { projectRoot } from '../../runtime/project-root';
import { mutated, mutatedText, pick } from './mutate';

/** A case in which the code threw, or took too long. */
export interface FuzzFailure {
  /** Seed and number of the case, to run it again. */
  seed: number;
  index: number;
  input: string;
  error: string;
}

export interface FuzzResult {
  cases: number;
  /** Number of accepted cases: a fuzzer that makes only garbage tests little. */
  accepted: number;
  failures: FuzzFailure[];
}

/** Longest processor time for one case, in milliseconds. Wall-clock time would depend on other programs. */
const caseTimeoutMs = 5000;

/** Reads, checks and renders changed stack files. Every one must be accepted or refused with problems; none may throw. */
export function fuzzStackFiles(count: number, seed: number, take?: (objects: KubernetesObject[]) => void): FuzzResult {
  const stacks = stackFiles();
  return run(count, seed, (random) => {
    const text = stringify(mutated(pick(stacks, random), random));
    const input = random() < 0.2 ? mutatedText(text, random) : text;
    return { input, judge: () => judgeStackFile(input, take) };
  });
}

/** Whether the stack file is accepted. */
function judgeStackFile(text: string, take: ((objects: KubernetesObject[]) => void) | undefined): boolean {
  const parsed = parseStackText(text, 'Pulumi.fuzz.yaml');
  if ('problems' in parsed) return false;
  const { problems, mesh } = checkMesh(parsed.settings, parsed.policy, parsed.source);
  for (const { message } of problems) refuseCrash(message);
  effectiveSplits(stackTraffic(parsed.settings));
  const objects = [...mesh.existingNamespaces, ...mesh.objects].map(({ object }) => object);
  stringify(objects);
  if (problems.length > 0) return false;
  const { mesh: deployed } = withoutEncryptedObjects(mesh);
  take?.([...deployed.existingNamespaces, ...deployed.objects].map(({ object }) => object));
  return true;
}

/** Reads and checks changed Kubernetes objects, and follows their routes. Nothing may throw, and no rule may fail. */
export function fuzzObjects(count: number, seed: number): FuzzResult {
  const sets = stackFiles().map(objectsOf);
  return run(count, seed, (random) => {
    const objects = pick(sets, random) ?? [];
    const chosen = objects.filter(() => random() < 0.4);
    const texts = chosen.map((object) => stringify(random() < 0.5 ? mutated(object, random) : object));
    const text = texts.join('---\n');
    const input = random() < 0.2 ? mutatedText(text, random) : text;
    return { input, judge: () => judgeObjects(input) };
  });
}

/** Whether every document is an object. */
function judgeObjects(text: string): boolean {
  const documents = readKubernetesYaml(text);
  const values = documents.map(({ value }) => value).filter((value) => value !== null && value !== undefined);
  const objects = values.filter(isObject);
  for (const { message } of checkReport(objects, {}).findings) refuseCrash(message);
  effectiveSplits({ objects });
  return objects.length === values.length && documents.every(({ problems }) => problems.length === 0);
}

/** Decides like the commands. */
function isObject(value: unknown): value is KubernetesObject {
  if (!isMap(value) || !isMap(value['metadata'])) return false;
  const { apiVersion, kind, metadata } = value;
  const texts = [apiVersion, kind, metadata['name']];
  return texts.every((text) => typeof text === 'string' && text !== '');
}

/** A rule that throws is reported as a finding. */
function refuseCrash(message: string): void {
  if (/rule could not finish|rule crashed/.test(message)) throw new Error(message);
}

interface Case {
  input: string;
  judge: () => boolean;
}

function run(count: number, seed: number, make: (random: Random) => Case): FuzzResult {
  const result: FuzzResult = { cases: count, accepted: 0, failures: [] };
  for (let index = 0; index < count; index += 1) {
    const { input, judge } = make(seededRandom(seed * 1_000_003 + index));
    const started = process.cpuUsage();
    try {
      if (judge()) result.accepted += 1;
      const took = process.cpuUsage(started).user / 1000;
      if (took > caseTimeoutMs) throw new Error(`took ${Math.round(took)} ms`);
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      result.failures.push({ seed, index, input, error: text.split('\n').slice(0, 6).join('\n') });
    }
  }
  return result;
}

/** The stack files to start from: the project's own, the bases of its samples, and one with keys that these lack. */
function stackFiles(): Record<string, unknown>[] {
  const own = readdirSync(projectRoot)
    .filter((name) => /^Pulumi\..+\.yaml$/.test(name))
    .sort();
  const samples = readdirSync(join(projectRoot, 'samples'))
    .sort()
    .map((name) => join('samples', name, 'base.yaml'));
  const read = (file: string): Record<string, unknown> => {
    const { config } = parse(readFileSync(join(projectRoot, file), 'utf8')) as { config: Record<string, unknown> };
    return { config };
  };
  return [...[...own, ...samples].map(read), everything];
}

const everything = {
  config: {
    'meshwright:namespaces': { shop: { injection: true, labels: { team: 'a' } }, edge: {} },
    'meshwright:gateways': {
      gw: {
        namespace: 'edge',
        service: { type: 'NodePort', nodePorts: { http2: 30080 } },
        gateways: {
          edge: { public: { servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }] } },
        },
      },
    },
    'meshwright:apps': {
      own: {
        namespace: 'shop',
        workloads: {
          web: {
            image: 'web:1',
            replicas: 2,
            labels: { app: 'web', version: 'v1' },
            env: { A: 'b' },
            ports: [{ name: 'http', containerPort: 8080 }],
            resources: { requests: { cpu: '100m' }, limits: { memory: '64Mi' } },
            readinessProbe: { httpGet: { path: '/', port: 8080 } },
            volumes: [{ name: 'tmp', emptyDir: {} }],
            volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
          },
        },
        services: { web: { ports: [{ name: 'http', port: 80, targetPort: 8080, appProtocol: 'http' }] } },
        secrets: { db: { password: 'x' } },
      },
    },
    'meshwright:routes': {
      shop: {
        web: {
          gateways: ['edge/public', 'mesh'],
          hosts: ['www.example.com'],
          versions: { v1: { trafficPolicy: { connectionPool: { tcp: { maxConnections: 10 } } } }, v2: {} },
          weights: { v1: 'rest', v2: 10 },
          http: [
            {
              match: [{ uri: { regex: '/a.*' }, headers: { cookie: { exact: 'x' } }, method: { exact: 'GET' } }],
              weights: { v2: 100 },
              timeout: '1s',
              retries: { attempts: 2, perTryTimeout: '500ms' },
              fault: { abort: { httpStatus: 500, percentage: { value: 1 } } },
              corsPolicy: { allowOrigins: [{ exact: 'https://a' }] },
              mirror: { host: 'web', subset: 'v2' },
            },
          ],
        },
      },
    },
    'meshwright:objects': [
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'ServiceEntry',
        metadata: { name: 'out', namespace: 'shop' },
        spec: { hosts: ['api.example.com'], ports: [{ number: 443, name: 'tls', protocol: 'TLS' }], resolution: 'DNS' },
      },
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        metadata: { name: 'web', namespace: 'shop' },
        spec: {
          selector: { matchLabels: { app: 'web' } },
          rules: [
            { from: [{ source: { namespaces: ['edge'] } }], to: [{ operation: { methods: ['GET'], paths: ['/*'] } }] },
          ],
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'db', namespace: 'shop' },
        spec: { selector: { app: 'db' }, ports: [{ name: 'tcp', port: 5432 }] },
      },
    ],
    'meshwright:expect': [{ request: 'web.shop/', to: 'web v2', share: 10, from: 'shop' }],
    'meshwright:policy': { externals: { hosts: ['*'] }, maxStep: 50 },
  },
};

function objectsOf(stack: Record<string, unknown>): KubernetesObject[] {
  const parsed = parseStackText(stringify(stack), 'seed');
  if ('problems' in parsed) throw new Error(`a stack to start from is refused: ${JSON.stringify(parsed.problems)}`);
  const { existingNamespaces, objects } = renderMesh(parsed.settings);
  return [...existingNamespaces, ...objects].map(({ object }) => object);
}
