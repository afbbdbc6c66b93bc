import { compareStrings, eachLimited } from '../../mesh/collections';
import { asMap, asString, isMap } from '../../mesh/json';
import { ClusterError, Connection, KubernetesApi, type KubeconfigOptions, type LiveObject } from '../../cluster/api';
import { secretsOf } from './checks/certificates';
import { controlPlanes } from './checks/objects';
import {
  type ClusterFacts,
  type Fact,
  type Listed,
  listed,
  type Right,
  type SecretFact,
  type StackFacts,
} from './facts';
import { neededRights } from './rights';

/** Requests at a time. */
const parallel = 8;
/** How long, in milliseconds, to wait for the first answer. */
const firstAnswerMs = 10_000;

/**
 * The facts of a cluster. A fact that cannot be read is unknown, with the reason.
 * @throws ClusterError when the kubeconfig cannot be used
 */
export async function clusterFacts(
  options: KubeconfigOptions,
  stack: StackFacts | undefined,
): Promise<{ server: string; context: string; facts: ClusterFacts }> {
  const connection = Connection.open(options);
  const { server, context } = connection;
  const version = await fact(async () => {
    const { status, body } = await connection.send(
      { method: 'GET', path: '/version' },
      AbortSignal.timeout(firstAnswerMs),
    );
    const found = asString(asMap(body)['gitVersion']);
    if (status !== 200 || found === undefined)
      throw new ClusterError('refused', `the API server ${server} answers ${status} to /version`);
    return found;
  });
  const wantedIstio = stack?.wantedIstio;
  if ('unknown' in version) return { server, context, facts: unknownFacts(version.unknown, wantedIstio) };
  const api = new KubernetesApi(connection);
  const objects = await listAll(api);
  const facts: ClusterFacts = {
    ...unknownFacts('', wantedIstio),
    version,
    objects,
    rights: await fact(() => rights(api, connection, stack)),
  };
  return { server, context, facts: { ...facts, roots: await roots(api, facts), secrets: await secrets(api, facts) } };
}

/** The facts of a cluster that does not answer. */
export function unknownFacts(reason: string, wantedIstio?: string): ClusterFacts {
  const unknown = { unknown: reason };
  return {
    version: unknown,
    objects: Object.fromEntries(Object.keys(listed).map((key) => [key, unknown])) as ClusterFacts['objects'],
    roots: unknown,
    secrets: new Map(),
    rights: unknown,
    now: new Date(),
    wantedIstio,
  };
}

/** The result of `work`, or why it failed. The error of an aborted request does not say why, so it is replaced. */
async function fact<T>(work: () => Promise<T>): Promise<Fact<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof ClusterError) return { unknown: error.message };
    if (error instanceof Error && error.name === 'TimeoutError')
      return { unknown: `the API server does not answer within ${firstAnswerMs / 1000} s` };
    throw error;
  }
}

async function listAll(api: KubernetesApi): Promise<ClusterFacts['objects']> {
  const found = new Map<string, Fact<LiveObject[]>>();
  await eachLimited(Object.keys(listed) as Listed[], parallel, async (key) => {
    found.set(key, await fact(() => api.list(listed[key], selections[key])));
  });
  return Object.fromEntries(found) as ClusterFacts['objects'];
}

/** Helm's Secrets are large, so only their metadata is read. */
const selections: Partial<Record<Listed, { labelSelector?: string; metadataOnly?: boolean }>> = {
  istiods: { labelSelector: 'app=istiod' },
  helmSecrets: { labelSelector: 'owner=helm', metadataOnly: true },
};

/** The root certificates that istiod publishes in its own namespace. */
async function roots(api: KubernetesApi, facts: ClusterFacts): Promise<ClusterFacts['roots']> {
  if ('unknown' in facts.objects.istiods) return { unknown: facts.objects.istiods.unknown };
  const namespaces = [...new Set(controlPlanes(facts).map(({ namespace }) => namespace))];
  return fact(async () => {
    const found = new Map<string, string | undefined>();
    for (const namespace of namespaces) {
      const map = await api.get({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'istio-ca-root-cert', namespace },
      });
      found.set(namespace, asString(asMap(asMap(map)['data'])['root-cert.pem']));
    }
    return found;
  });
}

async function secrets(api: KubernetesApi, facts: ClusterFacts): Promise<ClusterFacts['secrets']> {
  const { gateways, pods, istiods } = facts.objects;
  // The checks that need these lists say which one is missing.
  if ([gateways, pods, istiods].some((one) => 'unknown' in one)) return new Map();
  const { authorities, credentials } = secretsOf(facts);
  const found = new Map<string, Fact<SecretFact | undefined>>();
  await eachLimited([...new Set([...authorities, ...credentials.keys()])], parallel, async (key) => {
    const [namespace = '', name = ''] = key.split('/');
    const metadata = { name, namespace };
    found.set(key, await fact(async () => publicPart(await api.get({ apiVersion: 'v1', kind: 'Secret', metadata }))));
  });
  return found;
}

/** Keys of Secrets that have certificates: of Istio's CA, of TLS Secrets, and of Secrets for gateways. */
const certificateKeys = ['ca-cert.pem', 'root-cert.pem', 'cert-chain.pem', 'tls.crt', 'ca.crt', 'cert', 'cacert'];

function publicPart(secret: LiveObject | undefined): SecretFact | undefined {
  if (secret === undefined) return undefined;
  const data = asMap(asMap(secret)['data']);
  const certificates = certificateKeys.flatMap((key) => {
    const text = Buffer.from(asString(data[key]) ?? '', 'base64').toString('utf8');
    return text === '' ? [] : [[key, text]];
  });
  return { certificates: Object.fromEntries(certificates) as Record<string, string> };
}

async function rights(api: KubernetesApi, connection: Connection, stack: StackFacts | undefined): Promise<Right[]> {
  if (stack === undefined) return [];
  const mayAll = await may(connection, { verb: '*', group: '*', resource: '*', namespace: undefined });
  if (mayAll) return [];
  const wanted = neededRights(stack, await api.kinds());
  const answers: Right[] = [];
  await eachLimited(wanted, parallel, async ({ verb, group, resource, namespace }) => {
    const allowed = await may(connection, { verb, group, resource, namespace });
    answers.push({ verb, resource: group === '' ? resource : `${group}/${resource}`, namespace, allowed });
  });
  // The answers come in any order.
  const key = ({ namespace, resource, verb }: Right): string => `${namespace ?? ''} ${resource} ${verb}`;
  return answers.sort((a, b) => compareStrings(key(a), key(b)));
}

async function may(
  connection: Connection,
  {
    namespace,
    resource: path,
    ...attributes
  }: { verb: string; group: string; resource: string; namespace: string | undefined },
): Promise<boolean> {
  const [resource = '', subresource] = path.split('/');
  const resourceAttributes = {
    ...attributes,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
  };
  const { status, body } = await connection.send({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    contentType: 'application/json',
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } },
  });
  const answer = asMap(body)['status'];
  if (status >= 300 || !isMap(answer))
    throw new ClusterError('refused', `the API server answers ${status} to a SelfSubjectAccessReview`);
  return answer['allowed'] === true;
}
