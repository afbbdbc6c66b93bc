import { asMap, asName, asStringMap, indexedMaps, isMap, type JsonMap } from '../../mesh/json';
import type { MeshModel, MeshObject, MeshWorkload } from '../../mesh/model/mesh-model';
import { hasLabels } from '../../mesh/model/workload-index';

/** An AuthorizationPolicy, RequestAuthentication or other policy that is for some workloads. */
export interface Attached {
  source: MeshObject;
  /** Undefined: every workload of its namespace, or of the mesh in the root namespace. */
  selector: Record<string, string> | undefined;
  /** Services or gateways that it names, instead of a selector. */
  targets: Target[];
}

export interface Target {
  group: string;
  kind: string;
  name: string;
  path: string;
}

export function attached(source: MeshObject): Attached {
  const { selector, targetRef } = source.spec;
  const labels = asStringMap(asMap(selector)['matchLabels']);
  const several = indexedMaps(source.spec['targetRefs']).map(({ at, item }) => target(item, `spec.targetRefs[${at}]`));
  return {
    source,
    selector: Object.keys(labels).length === 0 ? undefined : labels,
    targets: several.length === 0 && isMap(targetRef) ? [target(targetRef, 'spec.targetRef')] : several,
  };
}

function target(reference: JsonMap, path: string): Target {
  return {
    group: asName(reference['group']) ?? '',
    kind: asName(reference['kind']) ?? '',
    name: asName(reference['name']) ?? '',
    path,
  };
}

/** Whether a policy with a selector, or without anything, is for pods with these labels in a namespace. */
export function isFor(
  model: MeshModel,
  { source, selector = {}, targets }: Attached,
  pods: { namespace: string; labels: Record<string, string> },
): boolean {
  if (targets.length > 0) return false;
  const inScope = source.namespace === pods.namespace || source.namespace === model.config.rootNamespace;
  return inScope && hasLabels(pods.labels, selector);
}

/** The workloads that a policy is for: of its namespace, or of the whole mesh when it is in the root namespace. */
export function workloadsOf(model: MeshModel, { source, selector = {}, targets }: Attached): MeshWorkload[] {
  const namespace = source.namespace === model.config.rootNamespace ? undefined : source.namespace;
  if (targets.length === 0) return model.workloads.selectedBy(selector, namespace);
  return targets
    .filter(({ group, kind }) => kind === 'Service' && (group === '' || group === 'core'))
    .flatMap(({ name }) => {
      const service = model.serviceFor(name, source.namespace);
      return service === undefined ? [] : model.workloads.behind(service);
    });
}

/** An entry of a rule's `from`, `to` or `when`, with its path in the AuthorizationPolicy. */
export interface Clause {
  fields: JsonMap;
  path: string;
}

/** The sources, operations and conditions of an AuthorizationPolicy. */
export function clausesOf(policy: MeshObject): { sources: Clause[]; operations: Clause[]; conditions: Clause[] } {
  const rules = indexedMaps(policy.spec['rules']);
  const nested = (list: string, field: string): Clause[] =>
    rules.flatMap(({ at, item }) =>
      indexedMaps(item[list]).map(({ at: entry, item: inner }) => ({
        fields: field === '' ? inner : asMap(inner[field]),
        path: `spec.rules[${at}].${list}[${entry}]${field === '' ? '' : `.${field}`}`,
      })),
    );
  return { sources: nested('from', 'source'), operations: nested('to', 'operation'), conditions: nested('when', '') };
}

/** The action of an AuthorizationPolicy; ALLOW when it states none. */
export function actionOf({ spec }: MeshObject): string {
  return asName(spec['action']) ?? 'ALLOW';
}

/** The HTTP methods that IANA registers; they are case-sensitive. https://www.iana.org/assignments/http-methods */
const methods =
  `ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF
MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PRI PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF
VERSION-CONTROL`.split(/\s+/);

/** Whether a method of an AuthorizationPolicy, with `*` at one end for any text, can be that of a request. */
export function isMethodPattern(pattern: string): boolean {
  if (pattern === '*') return true;
  if (pattern.endsWith('*')) return methods.some((method) => method.startsWith(pattern.slice(0, -1)));
  if (pattern.startsWith('*')) return methods.some((method) => method.endsWith(pattern.slice(1)));
  return methods.includes(pattern);
}
