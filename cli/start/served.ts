import { spawnSync } from 'node:child_process';
import { objectTitle } from '../../components/manifests/kubernetes';
import type { Rendered } from '../../components/manifests/rendered';
import type { Lab } from '../../lab';
import { UserError } from '../errors';

/** `apiVersion/kind` of everything that the lab's API server serves. */
export function servedKinds(lab: Lab): Set<string> {
  const { status, stdout, stderr } = spawnSync(
    lab.kubectl,
    ['--kubeconfig', lab.kubeconfig, 'api-resources', '--no-headers'],
    { env: lab.env, encoding: 'utf8' },
  );
  if (status !== 0) throw new UserError(`The lab's API server does not say what it serves: ${stderr.trim()}`);
  // NAME [SHORTNAMES] APIVERSION NAMESPACED KIND: the second column may be empty, so count from the end.
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/));
  return new Set(rows.flatMap((row) => (row.length < 4 ? [] : [`${row.at(-3) ?? ''}/${row.at(-1) ?? ''}`])));
}

/** Splits objects into those whose kind is served, and the titles of the others with the reason. */
export function servedObjects(served: Set<string>, objects: Rendered[]): { kept: Rendered[]; leftOut: string[] } {
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
