import type { Key } from './key-path';

export interface Position {
  line: number;
  column: number;
}

/** Where raw sections come from, for problems to point at. All of it is optional. */
export interface Source {
  file?: string;
  /** Sections whose values must not be shown. */
  secretSections?: ReadonlySet<string>;
  /** The place of a key in the file, or of what is nearest to it; keys from the section down. */
  position?: (keys: readonly Key[]) => Position | undefined;
}
