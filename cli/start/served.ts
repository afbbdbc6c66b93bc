import { objectTitle } from '../../components/manifests/kubernetes';
import type { Rendered } from '../../components/manifests/rendered';

/** Splits objects into those whose kind is served, and the titles of the others with the reason. */
export function servedObjects(
  served: ReadonlySet<string>,
  objects: Rendered[],
): { kept: Rendered[]; leftOut: string[] } {
  const ownKinds = new Set(
    objects
      .filter(({ object }) => object.kind === 'CustomResourceDefinition')
      .flatMap(({ object }) => kindsOf(object.spec)),
  );
  const isServed = ({ object }: Rendered): boolean =>
    served.has(`${object.apiVersion}/${object.kind}`) || ownKinds.has(object.kind);
  return {
    kept: objects.filter(isServed),
    leftOut: objects
      .filter((rendered) => !isServed(rendered))
      .map(({ object }) => `${objectTitle(object)}: the lab does not serve ${object.apiVersion} ${object.kind}`),
  };
}

function kindsOf(spec: Record<string, unknown> | undefined): string[] {
  const names = spec?.names as { kind?: unknown } | undefined;
  return typeof names?.kind === 'string' ? [names.kind] : [];
}
