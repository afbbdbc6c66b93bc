import { apiGroup, defined } from '../../mesh/manifests/kubernetes';
import { didYouMean } from '../did-you-mean';
import type { KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';
import { services } from './services';

const reads = [
  ['gateways', '*', 'gateways', '*', '*', 'name'],
  ['objects', '*'],
  ['policy', 'externals', 'gateways', '*'],
];

/** Istio Gateways that a route names: each is in the stack, or said to be elsewhere. */
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

/** The Gateway of the same name in another namespace, or else of a name that is near. */
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
