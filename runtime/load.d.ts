/** A program as a single JavaScript source. */
export interface Bundle {
  code: string;
  /** The files in it, relative to the project. */
  inputs: string[];
}

/**
 * Bundles a TypeScript file with all that it imports. Types are not checked: `npm run types` does that.
 * @param external - packages that stay outside and are loaded at run time. Defaults to those that must be loaded once (Pulumi's SDK and gRPC) and to large ones that most runs do not need
 * @param sourcemap - whether the source map is part of the code. Defaults to `inline`
 */
export function bundle(entryPoint: string, external?: string[], sourcemap?: 'inline' | false): Bundle;

/**
 * Bundles a TypeScript file and runs it as the content of `module`, so that there is no build step to forget. The bundle is cached until one of its files changes. Stack traces and debuggers show the
 * TypeScript.
 * @param module - the caller's own module
 * @param folder - the caller's folder
 * @param entry - name of the TypeScript file in that folder, without `.ts`
 * @returns the exports of the file
 */
export function load(module: NodeJS.Module, folder: string, entry: string, external?: string[]): unknown;

/** The bundle of a TypeScript file, as {@link load} runs it. */
export function code(folder: string, entry: string, external?: string[]): string;

/**
 * Runs a bundle as the content of `module`.
 * @param file - path of the JavaScript file that it stands for
 */
export function run(module: NodeJS.Module, code: string, file: string): unknown;
