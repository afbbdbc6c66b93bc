/** A program as one text of JavaScript. */
export interface Bundle {
  text: string;
  /** Files that it was made from, relative to the project. */
  inputs: string[];
}

/**
 * A TypeScript file and all that it imports as one text of JavaScript, made in a fraction of a second. The command, the Pulumi program and the policy pack are loaded this way, so that there
 * is no build step to forget. Types are not looked at: `npm run types` does that.
 * @param external - packages that stay outside and are found at run time; by default Pulumi's, what they and this project must share, and a few that are large and seldom needed
 */
export function bundle(entryPoint: string, external?: string[]): Bundle;
