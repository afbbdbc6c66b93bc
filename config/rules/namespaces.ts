import { meshNamespaces } from '../../mesh/manifests/mesh';
import { isExistingNamespace } from '../../mesh/manifests/namespace';
import type { Key } from '../key-path';
import { didYouMean, type KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';

/** Every namespace in use is declared, and none has settings that exclude each other. */
export function namespaceRules(stack: StackFile): KeyProblem[] {
  return [...contradictions(stack), ...undeclared(stack)];
}

function contradictions({ namespaces = {} }: StackFile): KeyProblem[] {
  return Object.entries(namespaces).flatMap(([name, { injection, revision, existing }]) => [
    ...(injection !== undefined && revision !== undefined
      ? [
          {
            keys: ['namespaces', name],
            message:
              'injection and revision exclude each other: keep revision for a control plane revision, injection otherwise',
          },
        ]
      : []),
    ...(existing === false && isExistingNamespace(name, {})
      ? [
          {
            keys: ['namespaces', name, 'existing'],
            message: `${name} exists in every cluster, so existing must be true`,
          },
        ]
      : []),
  ]);
}

function undeclared(stack: StackFile): KeyProblem[] {
  // An app's namespace must be declared: one created for the app alone would have no injection, which is easy to miss.
  const declared = Object.keys(meshNamespaces({ ...stack, apps: {} }));
  const externals = stack.policy?.externals?.namespaces ?? [];
  const known = (name: string) =>
    declared.includes(name) || externals.includes(name) || externals.includes('*') || isExistingNamespace(name, {});
  const reads = [
    ['namespaces', '*'],
    ['gateways', '*', 'namespace'],
    ['istio', 'namespace'],
    ['addons', '*', 'namespace'],
    ['policy', 'externals', 'namespaces', '*'],
  ];
  return references(stack)
    .filter(({ name }) => !known(name))
    .map(({ name, keys }) => {
      const hint = didYouMean(name, declared) ?? `add ${name}: {} to meshwright:namespaces`;
      const message = `namespace "${name}" is not declared under meshwright:namespaces`;
      return { keys, message, hint, reads };
    });
}

/** Every key that names a namespace, with the name. */
function references({
  routes = {},
  apps = {},
  gateways = {},
  objects = [],
}: StackFile): { name: string; keys: Key[] }[] {
  return [
    ...Object.entries(gateways).flatMap(([gateway, settings]) => [
      ...(settings.namespace === undefined
        ? []
        : [{ name: settings.namespace, keys: ['gateways', gateway, 'namespace'] }]),
      ...Object.keys(settings.gateways ?? {}).map((name) => ({ name, keys: ['gateways', gateway, 'gateways', name] })),
    ]),
    ...Object.entries(apps).map(([app, { namespace }]) => ({ name: namespace, keys: ['apps', app, 'namespace'] })),
    ...Object.keys(routes).map((name) => ({ name, keys: ['routes', name] })),
    ...objects.flatMap(({ metadata }, index) =>
      metadata.namespace === undefined || metadata.namespace === ''
        ? []
        : [{ name: metadata.namespace, keys: ['objects', index, 'metadata', 'namespace'] }],
    ),
  ];
}
