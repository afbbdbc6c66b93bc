/**
 * Bundles a TypeScript file and runs it as the content of `module`, so that there is no build step to forget. The bundle is cached until one of its files changes. Stack traces and debuggers show the
 * TypeScript.
 * @param module - the caller's own module
 * @param folder - the caller's folder
 * @param entry - name of the TypeScript file in that folder, without `.ts`
 * @param code - an earlier bundle of the file, see {@link code}
 * @returns the exports of the file
 */
export function load(module: NodeJS.Module, folder: string, entry: string, external?: string[], code?: string): unknown;

/** The bundle of a TypeScript file, as {@link load} runs it. */
export function code(folder: string, entry: string, external?: string[]): string;
