import { asMap, asName, indexedMaps } from '../../mesh/json';
import { type WrittenRoute, writtenRoutes } from '../model/routes';
import { examples, type Rule, type Violation } from '../rule';

export const rewriteSlash: Rule = {
  id: 'rewrite-slash',
  level: 'advisory',
  title: 'a rewritten prefix keeps exactly one slash between its parts',
  single: true,
  docs: {
    why: 'A rewrite replaces the matched prefix as it is written: with `/common` and `/` the path `/common/x` becomes `//x`, and with `/common/` and `/api` it becomes `/apix`.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: cart, namespace: shop }
spec:
  hosts: [cart]
  http:
    - match: [{ uri: { prefix: /common } }]
      rewrite: { uri: / }
      route: [{ destination: { host: cart } }]
`,
      ['{ uri: { prefix: /common } }', '{ uri: { prefix: /common/ } }, { uri: { exact: /common } }'],
    ),
    fix: 'End both the prefix and the rewrite with a slash, or neither. For `/`, match the prefix with a slash and the path without one as `exact`.',
  },
  check: (model) => writtenRoutes(model).flatMap(violations),
};

function violations({ rule, path, source, protocol }: WrittenRoute): Violation[] {
  const target = asName(asMap(rule['rewrite'])['uri']);
  if (protocol !== 'http' || target === undefined) return [];
  return indexedMaps(rule['match']).flatMap(({ item }): Violation[] => {
    const prefix = asName(asMap(item['uri'])['prefix']);
    if (prefix === undefined || prefix === '/' || prefix.endsWith('/') === target.endsWith('/')) return [];
    const before = prefix.endsWith('/') ? `${prefix}x` : `${prefix}/x`;
    const after = before.replace(prefix, () => target);
    const message = `${before} reaches the destination as ${after}: the prefix "${prefix}" is replaced by "${target}" as it is written; end both with a slash, or neither`;
    return [{ object: source.object, path: `${path}.rewrite.uri`, message }];
  });
}
