/** The lab's API server: objects of any kind, as JSON, over connections that are kept open. Knows nothing of sets. */
export { ApiServer } from './api-server';
export type { ApplyParameters } from './api-server';
export { definedKinds, groupKind } from './kinds';
export type { Kind, Kinds } from './kinds';
export { isEnding } from './live-object';
export type { LiveObject } from './live-object';
