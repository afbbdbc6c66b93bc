import type { RouteSettings, Weights } from '../../mesh/manifests/settings';
import type { Key } from '../key-path';
import type { StackFile } from '../schema/stack-file';
import { apiGroup, defined } from '../../mesh/manifests/kubernetes';
import { splitsOf, versionsOf, weightProblems } from '../../mesh/manifests/weights';
import { didYouMean, type KeyProblem } from '../problem';

/** The route of one service, and its keys in the stack file. */
export interface Service {
  namespace: string;
  service: string;
  route: RouteSettings;
  keys: Key[];
}

function services({ routes = {} }: StackFile): Service[] {
  return Object.entries(routes).flatMap(([namespace, byService]) =>
    Object.entries(byService).map(([service, route]) => ({
      namespace,
      service,
      route,
      keys: ['routes', namespace, service],
    })),
  );
}

/** Fields of an HTTP rule that take the place of weights. */
const answers = ['route', 'redirect', 'directResponse', 'delegate'];

/** Splits sum to 100, name existing versions, and have no other destination beside them. */
export function weightRules(stack: StackFile): KeyProblem[] {
  return services(stack).flatMap((service) => [
    ...splitsOf(service.route).flatMap(({ weights, path: split }) => {
      const keys = [...service.keys, ...split];
      return [
        ...weightProblems(weights).map(({ path, message }) => ({
          keys: [...keys, ...path],
          message,
          reads: [[...keys, '*']],
        })),
        ...versionProblems(service, weights, keys),
      ];
    }),
    ...answeredTwice(service),
  ]);
}

function versionProblems({ service, route, keys: serviceKeys }: Service, weights: Weights, keys: Key[]): KeyProblem[] {
  const reads = [[...serviceKeys, 'versions', '*']];
  if (route.versions === undefined) {
    const message = `weights need versions: add versions: [${Object.keys(weights).join(', ')}] to ${service}`;
    return [{ keys, message, reads }];
  }
  const known = versionsOf(route).map(({ version }) => version);
  return Object.keys(weights)
    .filter((version) => !known.includes(version))
    .map((version) => {
      const message = `${service} has no version "${version}"; its versions are ${known.join(', ')}`;
      return defined({ keys: [...keys, version], message, hint: didYouMean(version, known), reads });
    });
}

function answeredTwice({ route, keys }: Service): KeyProblem[] {
  return (['http', 'tcp', 'tls'] as const).flatMap((list) =>
    (route[list] ?? []).flatMap((rule, index) => {
      const answer = answers.find((key) => key in rule);
      if (rule.weights === undefined || answer === undefined) return [];
      const message = `weights and ${answer} in one rule: weights replace ${answer}, so keep one of them`;
      return [{ keys: [...keys, list, index, 'weights'], message }];
    }),
  );
}

const reads = [
  ['gateways', '*', 'gateways', '*', '*', 'name'],
  ['objects', '*'],
  ['policy', 'externals', 'gateways', '*'],
];

/** Istio Gateways that a route names: each is in the stack, or declared as external. */
export function gatewayReferenceRules(stack: StackFile): KeyProblem[] {
  const known = istioGateways(stack);
  const externals = stack.policy?.externals?.gateways ?? [];
  const there = known.length === 0 ? 'the stack has none' : `there are ${known.join(', ')}`;
  return services(stack).flatMap(({ namespace, route, keys }) =>
    (route.gateways ?? []).flatMap((reference, index) => {
      const full = reference.includes('/') ? reference : `${namespace}/${reference}`;
      if (reference === 'mesh' || [full, '*'].some((name) => known.includes(name) || externals.includes(name)))
        return [];
      const message = `there is no Istio Gateway ${full}; ${there}`;
      return [
        defined({ keys: [...keys, 'gateways', index], message, hint: meant(reference, namespace, known), reads }),
      ];
    }),
  );
}

/** The Gateway of the same name in another namespace, or else the one with the closest name. */
function meant(reference: string, namespace: string, known: string[]): string | undefined {
  const elsewhere = known.find((name) => name.endsWith(`/${reference}`));
  if (elsewhere !== undefined) return `did you mean "${elsewhere}"?`;
  const own = known.filter((name) => name.startsWith(`${namespace}/`)).map((name) => name.slice(namespace.length + 1));
  return didYouMean(reference, [...known, ...own, 'mesh']);
}

/** The stack's Istio Gateways as `namespace/name`. */
function istioGateways({ gateways = {}, objects = [] }: StackFile): string[] {
  const made = Object.values(gateways).flatMap((workload) =>
    Object.entries(workload.gateways ?? {}).flatMap(([namespace, byName]) =>
      Object.entries(byName).map(([key, { name = key }]) => `${namespace}/${name}`),
    ),
  );
  const verbatim = objects
    .filter(({ apiVersion, kind }) => kind === 'Gateway' && apiGroup(apiVersion) === 'networking.istio.io')
    .map(({ metadata }) => `${metadata.namespace ?? 'default'}/${metadata.name}`);
  return [...made, ...verbatim];
}
