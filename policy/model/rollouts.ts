import { asList, asMap, asName, asStringMap } from '../../mesh/json';
import { memoizeByIdentity } from '../../mesh/model/memoize';
import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import type { CheckOptions } from '../rule';
import { isDeclared } from '../../mesh/model/externals';

/** Whether a rollout controller moves the weights or labels in an object: by declaration, or because a Rollout or Canary names it. */
export function isMovedByController(model: MeshModel, options: CheckOptions, object: MeshObject): boolean {
  return (
    isDeclared(options.rolloutController, object.namespace, object.name) ||
    named(model).has(title(object.kind, object.namespace, object.name))
  );
}

/** The objects that Rollouts of Argo and Canaries of Flagger name. */
const named = memoizeByIdentity((model: MeshModel): ReadonlySet<string> => {
  const found = new Set<string>();
  for (const { namespace, spec } of model.objects.ofKind('Rollout')) {
    const istio = asMap(asMap(asMap(asMap(spec['strategy'])['canary'])['trafficRouting'])['istio']);
    const rules = [asMap(istio['virtualService']), ...asList(istio['virtualServices']).map(asMap)];
    for (const { name } of rules) found.add(title('VirtualService', namespace, asName(name) ?? ''));
    found.add(title('DestinationRule', namespace, asName(asMap(istio['destinationRule'])['name']) ?? ''));
  }
  for (const { namespace, spec } of model.objects.ofGroupKind('flagger.app', 'Canary')) {
    const base = asName(asMap(spec['service'])['name']) ?? asStringMap(spec['targetRef'])['name'] ?? '';
    for (const kind of ['VirtualService', 'DestinationRule'])
      for (const suffix of ['', '-primary', '-canary']) found.add(title(kind, namespace, `${base}${suffix}`));
  }
  return found;
});

function title(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}
