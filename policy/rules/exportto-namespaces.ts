import { asList, asString } from '../../mesh/json';
import type { MeshKind, MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { describesNamespaces, namespaceExists } from '../../mesh/model/externals';
import { examples, type Rule, type Violation } from '../rule';

const exporting: readonly MeshKind[] = ['VirtualService', 'DestinationRule', 'ServiceEntry'];
const serviceAnnotation = 'networking.istio.io/exportTo';

/** Judged when some Namespace is among the objects, or the set is declared complete. */
export const exporttoNamespaces: Rule = {
  id: 'exportto-namespaces',
  level: 'mandatory',
  title: 'every namespace in exportTo exists',
  kiali: ['KIA0005'],
  single: false,
  docs: {
    why: 'When exportTo misspells a namespace, the object is not visible where it should be: its routes and policies have no effect there.',
    ...examples(
      `
apiVersion: v1
kind: Namespace
metadata: { name: bookinfo }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: bookinfo }
spec: { host: reviews, exportTo: [bookinof] }
`,
      ['bookinof', 'bookinfo'],
    ),
    fix: "Correct the name, use `.` for the object's own namespace, or declare namespaces of other stacks in `externals.namespaces`.",
  },
  check: (model) => {
    if (!describesNamespaces(model)) return [];
    const lists = exporting.flatMap((kind) => model.objects.ofKind(kind).flatMap(specExports));
    return [...lists, ...model.objects.ofKind('Service').flatMap(annotationExports)]
      .filter(({ namespace }) => !exists(model, namespace))
      .map(({ source, path, namespace }): Violation => ({
        object: source.object,
        path,
        message: `namespace "${namespace}" does not exist; there are ${shownNamespaces(model)}. Correct it, or declare it in externals.namespaces`,
      }));
  },
};

interface Export {
  source: MeshObject;
  namespace: string;
  path: string;
}

function specExports(source: MeshObject): Export[] {
  return asList(source.spec['exportTo']).flatMap((value, at) => {
    const namespace = asString(value);
    return namespace === undefined ? [] : [{ source, namespace, path: `spec.exportTo[${at}]` }];
  });
}

function annotationExports(source: MeshObject): Export[] {
  const path = `metadata.annotations["${serviceAnnotation}"]`;
  const entries = (source.annotations[serviceAnnotation] ?? '').split(',').map((entry) => entry.trim());
  return entries.filter((entry) => entry !== '').map((namespace) => ({ source, namespace, path }));
}

function exists(model: MeshModel, namespace: string): boolean {
  return ['.', '*', '~', ''].includes(namespace) || namespaceExists(model, namespace);
}

function shownNamespaces(model: MeshModel): string {
  const names = [...model.namespaces.keys()].sort();
  return names.slice(0, 8).join(', ') + (names.length > 8 ? ` and ${names.length - 8} more` : '');
}
