import { controlPlane, programNames, programs } from './programs';
import type { MinorVersion, ProgramName } from './programs';
import { isAtLeast, parseVersion } from './version';

/** A program that the machine has. */
export interface Found {
  readonly file: string;
  /** Undefined when it does not say. */
  readonly version: { readonly text: string; readonly minor: MinorVersion } | undefined;
}

export interface Choice {
  readonly use: ReadonlyMap<ProgramName, string>;
  /** One sentence per program that is there but not used. */
  readonly refused: readonly string[];
}

function reasonAgainst(name: ProgramName, { version }: Found): string | undefined {
  const needed = programs[name].version;
  if (needed === undefined) return undefined;
  if (version === undefined) return 'it does not tell its version';
  const { oldest, because } = needed;
  return isAtLeast(version.minor, oldest) ? undefined : `${version.text} is older than ${oldest.join('.')}: ${because}`;
}

function isOfControlPlane(name: ProgramName): boolean {
  return controlPlane.some((one) => one === name);
}

/**
 * Which of the machine's programs can be used. The three of the control plane count when they have the minor version that
 * would be built, or when all three are there in one: Kubernetes supports no controller newer than its API server.
 */
export function choose(found: ReadonlyMap<ProgramName, Found>, pinned: string): Choice {
  const pinnedMinor = parseVersion(pinned)?.minor.join('.');
  const minors = controlPlane.map((name) => found.get(name)?.version?.minor.join('.'));
  const areOne = new Set(minors).size === 1;
  const use = new Map<ProgramName, string>();
  const refused: string[] = [];
  for (const name of programNames) {
    const candidate = found.get(name);
    if (candidate === undefined) continue;
    const isStray = isOfControlPlane(name) && !areOne && candidate.version?.minor.join('.') !== pinnedMinor;
    const reason =
      reasonAgainst(name, candidate) ??
      (isStray ? `${candidate.version?.text ?? ''} does not fit the rest of the control plane` : undefined);
    if (reason === undefined) use.set(name, candidate.file);
    else refused.push(`${candidate.file} is not used: ${reason}`);
  }
  return { use, refused };
}
