import { matchesPolicyValue } from '../../mesh/model/policy-attachment';
import { asMap, asName, indexedMaps, type JsonMap } from '../../mesh/json';
import type { MeshObject } from '../../mesh/model/mesh-model';

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

/** Whether a method of an AuthorizationPolicy, with `*` at one end for any characters, can be that of a request. */
export function isMethodPattern(pattern: string): boolean {
  return methods.some((method) => matchesPolicyValue(method, pattern));
}
