/**
 * A value that Pulumi's schema of the component package cannot describe: a union, or Istio's and Helm's own fields. TypeScript sees `T`; the schema, and with it every other language, takes
 * anything (verbatim.schema.ts stands in for this file when the schema is made: `moduleSuffixes` in components/tsconfig.json).
 */
export type Verbatim<T> = T;
