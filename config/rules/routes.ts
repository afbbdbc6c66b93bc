import { apiGroup, defined } from '../../mesh/manifests/kubernetes';
import { routeNames } from '../../mesh/manifests/routes';
import type { RouteSettings } from '../../mesh/manifests/settings';
import { splitProblems, versionsOf } from '../../mesh/manifests/weights';
import type { Key } from '../key-path';
import { didYouMean, type KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';

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
  return services(stack).flatMap((one) => [
    ...splitProblems(one.service, one.route).map(({ path, message, split, about }) => {
      const hint = about === 'versions' && path.length > split.length ? nearVersion(path, one.route) : undefined;
      const reads = about === 'versions' ? [...one.keys, 'versions', '*'] : [...one.keys, ...split, '*'];
      return defined({ keys: [...one.keys, ...path], message, hint, reads: [reads] });
    }),
    ...answeredTwice(one),
    ...versionRules(one),
  ]);
}

/** A version with its own host has no subset to describe, and an order names existing versions. */
function versionRules({ service, route, keys }: Service): KeyProblem[] {
  const versions = versionsOf(route);
  const known = versions.map(({ version }) => version);
  const stated = Array.isArray(route.versions) ? {} : (route.versions ?? {});
  const orders: [Key[], readonly string[]][] = [
    [['order'], route.order ?? []],
    [['destinationRule', 'order'], route.destinationRule?.order ?? []],
  ];
  return [
    ...versions.flatMap(({ version, host }) =>
      (['labels', 'trafficPolicy', 'name'] as const)
        .filter((key) => host !== undefined && stated[version]?.[key] !== undefined)
        .map((key) => ({
          keys: [...keys, 'versions', version, key],
          message: `a version with its own host is no subset and has no ${key}; give ${host ?? ''} its own route for it`,
        })),
    ),
    ...orders.flatMap(([path, names]) =>
      names.flatMap((name, index) =>
        known.includes(name)
          ? []
          : [
              defined({
                keys: [...keys, ...path, index],
                message: `${service} has no version "${name}"${known.length === 0 ? '' : `; its versions are ${known.join(', ')}`}`,
                hint: didYouMean(name, known),
                reads: [[...keys, 'versions', '*']],
              }),
            ],
      ),
    ),
  ];
}

function nearVersion(path: Key[], route: RouteSettings): string | undefined {
  return didYouMean(
    String(path.at(-1)),
    versionsOf(route).map(({ version }) => version),
  );
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

/** A rollout shifts routes of the stack to versions that they have. */
export function rolloutRules({ rollouts = {}, routes = {} }: StackFile): KeyProblem[] {
  const known = routeNames(routes);
  return Object.entries(rollouts).flatMap(([namespace, services]) =>
    Object.entries(services).flatMap(([service, { to, with: others = [] }]) => {
      const keys: Key[] = ['rollouts', namespace, service];
      const shifted: [string, Key[]][] = [
        [`${namespace}/${service}`, keys],
        ...others.map((name, index): [string, Key[]] => [name, [...keys, 'with', index]]),
      ];
      return shifted.flatMap(([name, at]): KeyProblem[] => {
        const [of = '', route = ''] = name.split('/');
        const settings = routes[of]?.[route];
        const reads = [['routes', of, route, '**']];
        if (settings === undefined)
          return [
            defined({ keys: at, message: `the stack has no route ${name}`, hint: didYouMean(name, known), reads }),
          ];
        if (settings.weightsOwnedBy !== undefined)
          return [{ keys: at, message: `the weights of ${name} belong to ${settings.weightsOwnedBy}`, reads }];
        const versions = versionsOf(settings).map(({ version }) => version);
        const wanted = typeof to === 'string' ? [to] : Object.keys(to);
        return wanted
          .filter((version) => !versions.includes(version))
          .map((version) => {
            const message = `${name} has no version "${version}"; its versions are ${versions.join(', ')}`;
            return defined({ keys: [...keys, 'to'], message, hint: didYouMean(version, versions), reads });
          });
      });
    }),
  );
}
