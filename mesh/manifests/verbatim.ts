/**
 * A value that Pulumi's schema of the component package cannot describe: a union, or Istio's and Helm's own fields. TypeScript sees `T`; the schema, and with it
 * every other language, accepts anything. `moduleSuffixes` in components/tsconfig.json replaces this file by verbatim.schema.ts when the schema is generated.
 */
export type Verbatim<T> = T;
