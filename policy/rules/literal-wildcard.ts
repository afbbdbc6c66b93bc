import { asMap, asString, asStrings, indexedMaps, isMap, type JsonMap } from '../../mesh/json';
import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { clausesOf } from '../model/authorization';
import { examples, type Rule, type Violation } from '../rule';

export const literalWildcard: Rule = {
  id: 'literal-wildcard',
  level: 'advisory',
  title: 'no match of a path or header contains a star that is taken literally',
  single: true,
  docs: {
    why: 'In `prefix` and `exact` a star is a plain character, and in an AuthorizationPolicy it is a wildcard only at one end. Such a rule matches almost no request.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: cart, namespace: shop }
spec:
  hosts: [cart]
  http:
    - match: [{ uri: { prefix: "/api/*" } }]
      route: [{ destination: { host: cart } }]
`,
      ['prefix: "/api/*"', 'prefix: /api/'],
    ),
    fix: 'Take the star out of a prefix, or write a regex. In an AuthorizationPolicy use `{*}` for one path segment and `{**}` for the rest.',
  },
  check: (model) => [...inMatches(model), ...inPolicies(model)],
};

const fields = ['uri', 'authority', 'method', 'scheme'];

function inMatches(model: MeshModel): Violation[] {
  return model.objects.ofKind('VirtualService').flatMap(({ object, spec }) =>
    indexedMaps(spec['http']).flatMap(({ at, item }) =>
      indexedMaps(item['match']).flatMap(({ at: entry, item: match }) => {
        const path = `spec.http[${at}].match[${entry}]`;
        return conditions(match, path).flatMap(({ condition, place }) =>
          ['exact', 'prefix'].flatMap((kind): Violation[] => {
            const value = asString(condition[kind]);
            if (value?.includes('*') !== true) return [];
            const message = `"${value}" matches only requests that contain a star: in ${kind} it is a plain character; leave it out, or write a regex`;
            return [{ object, path: `${place}.${kind}`, message }];
          }),
        );
      }),
    ),
  );
}

function conditions(match: JsonMap, path: string): { condition: JsonMap; place: string }[] {
  const own = fields.flatMap((field) => {
    const condition = match[field];
    return isMap(condition) ? [{ condition, place: `${path}.${field}` }] : [];
  });
  const named = ['headers', 'queryParams', 'withoutHeaders'].flatMap((field) =>
    Object.entries(asMap(match[field])).flatMap(([name, condition]) =>
      isMap(condition) ? [{ condition, place: `${path}.${field}[${JSON.stringify(name)}]` }] : [],
    ),
  );
  return [...own, ...named];
}

function inPolicies(model: MeshModel): Violation[] {
  return model.objects.ofKind('AuthorizationPolicy').flatMap((policy) =>
    patternsOf(policy).flatMap(({ value, path, isPath }): Violation[] => {
      if ((isPath && value.includes('{')) || !isInnerStar(value)) return [];
      const fix = isPath
        ? 'almost no path matches; use {*} for one segment of a path or {**} for its rest'
        : 'it matches almost nothing; write a star at one end only, or list the values';
      const message = `"${value}" holds a star that is not at one end, where it is a plain character, so ${fix}`;
      return [{ object: policy.object, path, message }];
    }),
  );
}

/** Fields of a source or an operation in which a star at one end is a wildcard. */
const patternFields = ['principals', 'requestPrincipals', 'namespaces', 'hosts', 'paths'].flatMap((field) => [
  field,
  `not${field.charAt(0).toUpperCase()}${field.slice(1)}`,
]);

/** The values of an AuthorizationPolicy in which a star at one end is a wildcard, with their places. */
function patternsOf(policy: MeshObject): { value: string; path: string; isPath: boolean }[] {
  const { sources, operations } = clausesOf(policy);
  return [...sources, ...operations].flatMap(({ fields, path }) =>
    patternFields.flatMap((field) =>
      asStrings(fields[field]).map((value, at) => ({
        value,
        path: `${path}.${field}[${at}]`,
        isPath: /paths$/i.test(field),
      })),
    ),
  );
}

/** One star at one end is a wildcard; any other is not. */
function isInnerStar(value: string): boolean {
  const rest = value.startsWith('*') ? value.slice(1) : value.endsWith('*') ? value.slice(0, -1) : value;
  return rest.includes('*');
}
