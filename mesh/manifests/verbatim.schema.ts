/** Replaces verbatim.ts for Pulumi's schema analyzer, which turns `any`, the type of parsed JSON, into "anything". */
export type Verbatim<T> = T extends unknown ? ReturnType<typeof JSON.parse> : never;
