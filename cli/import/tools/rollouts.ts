import { defined, objectTitle, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { asList, asMap, asName, asStringMap, asStrings, isMap, type JsonMap } from '../../../mesh/json';
import type { Conversion, FromTools } from '../from-tools';
import { Carry, idOf, networkingObject, ofKind } from './carry';

type Owned = Conversion & Pick<FromTools, 'weightsOwnedBy'>;

/** Adds the VirtualService and the two DestinationRules that Flagger creates for each Canary, and that no manifest has. */
export function fromCanaries(objects: readonly KubernetesObject[], weights: 'keep' | 'take'): Owned {
  const known = new Set(objects.map((object) => `${object.kind} ${idOf(object)}`));
  const all: Owned = { gone: [], made: [], converted: [], notCarried: [], weightsOwnedBy: {} };
  for (const canary of ofKind(objects, 'flagger.app', 'Canary')) {
    const provider = asName(asMap(canary.spec)['provider']);
    if (provider !== undefined && provider !== 'istio') continue;
    const made = madeByFlagger(canary);
    if (made.length === 0) continue;
    // In a cluster Flagger has created them already, with the current weights.
    all.made.push(...made.filter((object) => !known.has(`${object.kind} ${idOf(object)}`)));
    const [route] = made;
    if (route === undefined) continue;
    all.converted.push({ from: objectTitle(canary), to: made.map(objectTitle) });
    if (weights === 'keep') {
      all.weightsOwnedBy[idOf(route)] = 'flagger';
      continue;
    }
    all.gone.push(canary);
    all.notCarried.push(...leftOfCanary(canary));
  }
  return all;
}

function madeByFlagger(canary: KubernetesObject): KubernetesObject[] {
  const spec = asMap(canary.spec);
  const [service, analysis] = [asMap(spec['service']), asMap(spec['analysis'] ?? spec['canaryAnalysis'])];
  const apex = asName(service['name']) ?? asName(asMap(spec['targetRef'])['name']);
  if (apex === undefined) return [];
  const [primary, next] = [`${apex}-primary`, `${apex}-canary`];
  const delegation = service['delegation'] === true;
  const [own, gateways] = [asStrings(service['hosts']), asStrings(service['gateways'])];
  const hosts = own.includes(apex) || own.includes('*') ? own : [...own, apex];
  const port = service['portDiscovery'] === true && (delegation || (gateways[0] ?? 'mesh') !== 'mesh');
  const destination = (host: string, weight: number): JsonMap => ({
    destination: { host, ...(port ? { port: { number: service['port'] } } : {}) },
    weight,
  });
  const split = [destination(primary, 100), destination(next, 0)];
  const common = defined({
    rewrite: service['rewrite'],
    timeout: service['timeout'],
    retries: service['retries'],
    corsPolicy: service['corsPolicy'],
    headers: service['headers'],
  });
  const [tests, matches] = [asList(analysis['match']).filter(isMap), asList(service['match']).filter(isMap)];
  const rule = (match: JsonMap[], route: JsonMap[]): JsonMap => ({
    ...(match.length === 0 ? {} : { match }),
    ...common,
    route,
  });
  const isTcp = asName(service['appProtocol'])?.toLowerCase() === 'tcp';
  const http =
    tests.length === 0
      ? [rule(matches, split)]
      : [rule(merged(tests, matches), split), rule(matches, [destination(primary, 100)])];
  const tcp = {
    ...(matches.length === 0 ? {} : { match: matches.map(({ port: of }) => ({ port: of })) }),
    route: split,
  };
  const apexMeta = asMap(service['apex']);
  const metadata = defined({ labels: mapOf(apexMeta['labels']), annotations: mapOf(apexMeta['annotations']) });
  const rules = delegation ? {} : { hosts, gateways: gateways.length === 0 ? ['mesh'] : gateways };
  const route = networkingObject(
    'VirtualService',
    canary,
    apex,
    { ...rules, ...(isTcp ? { tcp: [tcp] } : { http }) },
    metadata,
  );
  const policies = [primary, next].map((host) =>
    networkingObject('DestinationRule', canary, host, { host, trafficPolicy: service['trafficPolicy'] }),
  );
  return [route, ...policies];
}

/** Flagger uses only the headers and source labels of the analysis, and all other conditions of the service. */
function merged(tests: JsonMap[], matches: JsonMap[]): JsonMap[] {
  if (matches.length === 0) return tests;
  return tests.flatMap(({ headers, sourceLabels }) =>
    matches.map((match) => ({ ...match, ...defined({ headers, sourceLabels }) })),
  );
}

function mapOf(value: unknown): Record<string, string> | undefined {
  const map = asStringMap(value);
  return Object.keys(map).length === 0 ? undefined : map;
}

/** Lists the features of a Canary that a stack does not have. */
function leftOfCanary(canary: KubernetesObject): Conversion['notCarried'] {
  const carry = new Carry(canary);
  const spec = asMap(canary.spec);
  carry.refuse(
    '',
    undefined,
    'the stack sets the weights from now on. After the first update, delete the Canary with `kubectl delete --cascade=orphan`, so that its Services, Deployments and routes stay',
  );
  const analysis = asMap(spec['analysis'] ?? spec['canaryAnalysis']);
  carry.only(
    'spec.analysis',
    analysis,
    ['match'],
    'a stack does not analyze metrics: each step is an update of the weights',
  );
  for (const key of ['autoscalerRef', 'ingressRef', 'routeRef', 'progressDeadlineSeconds', 'suspend']) {
    if (spec[key] !== undefined) carry.refuse(`spec.${key}`, spec[key], 'only Flagger uses it');
  }
  return carry.notCarried;
}

/** Finds the VirtualServices whose weights Rollouts move. A Rollout is not converted, since it is the workload. */
export function fromRollouts(objects: readonly KubernetesObject[], weights: 'keep' | 'take'): Owned {
  const all: Owned = { gone: [], made: [], converted: [], notCarried: [], weightsOwnedBy: {} };
  for (const rollout of ofKind(objects, 'argoproj.io', 'Rollout')) {
    const path = 'spec.strategy.canary.trafficRouting.istio';
    const istio = asMap(path.split('.').reduce<unknown>((inner, key) => asMap(inner)[key], rollout));
    const named = [istio['virtualService'], ...asList(istio['virtualServices'])].flatMap(
      (entry) => asName(asMap(entry)['name']) ?? [],
    );
    if (named.length === 0) continue;
    const routes = named.map((name) => routeNamed(rollout, name));
    const carry = new Carry(rollout);
    if (weights === 'keep') {
      for (const id of routes) all.weightsOwnedBy[id] = 'argo';
      all.converted.push({
        from: objectTitle(rollout),
        to: routes.map((id) => `VirtualService ${id.replace(/^\//, '')}`),
      });
    } else {
      carry.refuse(
        path,
        istio,
        'Argo Rollouts moves these weights as long as the Rollout has this field. Remove the field, or leave the weights to Argo Rollouts',
      );
      const rule = asMap(istio['destinationRule']);
      if (rule['name'] !== undefined)
        carry.refuse(
          `${path}.destinationRule`,
          rule,
          'Argo Rollouts adds a hash of the pod template to the labels of these subsets. Without Argo Rollouts, give each version a Deployment with its own label',
        );
    }
    all.notCarried.push(...carry.notCarried);
  }
  return all;
}

/** Argo Rollouts reads `name` in the namespace of the Rollout, or `name.namespace`. */
function routeNamed({ metadata: { namespace = '' } }: KubernetesObject, name: string): string {
  const [own = name, other] = name.split('.');
  return `${other ?? namespace}/${own}`;
}
