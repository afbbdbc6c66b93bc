/** The lab's API server: objects of any kind, as JSON, over connections that are kept open. */
export { ApiServer } from './api-server';
export type { Kind, Kinds } from './kinds';
export type { LiveObject } from './live-object';
