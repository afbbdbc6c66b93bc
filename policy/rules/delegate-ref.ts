import { asList, asMap, asName, asStrings, indexedMaps, isMap } from '../../mesh/json';
import type { MeshModel, MeshVirtualService } from '../../mesh/model/mesh-model';
import { isVisible, visibility } from '../../mesh/model/mesh-config';
import { type CheckOptions, examples, type Rule, type Violation } from '../rule';

/** A delegate that is not among the objects counts as missing only when the input is complete. */
export const delegateRef: Rule = {
  id: 'delegate-ref',
  level: 'mandatory',
  title: 'every delegate exists, is visible, and matches no more than the rule that delegates to it',
  single: false,
  docs: {
    why: 'istiod drops a rule whose delegate is missing or hidden, and each rule of a delegate whose match conflicts with the root rule. Their requests get 404.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: root, namespace: shop }
spec:
  hosts: [shop.example.com]
  gateways: [public]
  http:
    - match: [{ uri: { prefix: /cart } }]
      delegate: { name: cart }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: cart, namespace: shop }
spec:
  http:
    - match: [{ uri: { prefix: / } }]
      route: [{ destination: { host: cart } }]
`,
      ['prefix: / }', 'prefix: /cart/items }'],
    ),
    fix: 'Name a VirtualService without hosts that is exported to this namespace, and let its matches lie within those of the root.',
  },
  check: (model, options) =>
    model.virtualServices.all
      .filter(({ hosts }) => hosts.length > 0)
      .flatMap((virtualService) =>
        indexedMaps(virtualService.source.spec['http']).flatMap(({ at, item }) =>
          isMap(item['delegate']) ? violations(model, options, virtualService, at, item['delegate']) : [],
        ),
      ),
};

function violations(
  model: MeshModel,
  options: CheckOptions,
  { source, namespace, http }: MeshVirtualService,
  at: number,
  reference: Record<string, unknown>,
): Violation[] {
  const object = source.object;
  const path = `spec.http[${at}].delegate`;
  const [name, place] = [asName(reference['name']) ?? '', asName(reference['namespace']) ?? namespace];
  const found = model.objects.get('VirtualService', place, name);
  const title = `VirtualService ${place}/${name}`;
  const consequence = 'so istiod leaves this rule out and its requests get 404';
  if (found === undefined) {
    if (options.complete !== true) return [];
    return [{ object, path, message: `there is no ${title}, ${consequence}; name one that exists, or add it` }];
  }
  if (asList(found.spec['hosts']).length > 0) {
    return [
      {
        object,
        path,
        message: `${title} has its own hosts and is not a delegate, ${consequence}; remove its hosts`,
      },
    ];
  }
  const seenBy = visibility(asStrings(found.spec['exportTo']), place, model.config.defaultVirtualServiceExportTo);
  if (!isVisible(seenBy, namespace)) {
    return [
      {
        object,
        path,
        message: `the exportTo of ${title} hides it from namespace ${namespace}, ${consequence}; export it to that namespace`,
      },
    ];
  }
  const merged = new Set(http.filter((route) => route.source === found).map((route) => route.path));
  return indexedMaps(found.spec['http']).flatMap(({ at: index, item }): Violation[] => {
    const own = `spec.http[${index}]`;
    if (merged.has(own) || asMap(item['delegate'])['name'] !== undefined) return [];
    const message = `the match conflicts with spec.http[${at}] of VirtualService ${namespace}/${source.name}, which delegates here, so istiod leaves this rule out and its requests get 404; match no more than the root does`;
    return [{ object: found.object, path: own, message }];
  });
}
