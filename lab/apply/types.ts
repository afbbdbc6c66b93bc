import type { Log } from '../types';

/** What is put on a namespace that somebody else owns. */
export interface NamespaceMarks {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface SetOptions {
  /** Name of the set, one per environment, such as a stack's. What is applied under it is pruned under it. */
  readonly name: string;
  /**
   * Namespaces that exist already and are to stay. They only get labels and annotations, which are taken away again when they
   * leave this record; such a namespace is never removed.
   */
  readonly existingNamespaces?: Readonly<Record<string, NamespaceMarks>>;
}

/** One field that differs. `from` is absent for an added field, `to` for a removed one. */
export interface FieldChange {
  /** Such as `spec.http[0].route[1].weight`. */
  readonly path: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

export interface ObjectChange {
  /** Such as `VirtualService bookinfo/reviews`. */
  readonly id: string;
  readonly changes: readonly FieldChange[];
}

/** What applying would do, as the API server answers it. */
export interface Plan {
  /** Identities, such as `Namespace bookinfo` or `Service bookinfo/reviews`. */
  readonly created: readonly string[];
  readonly changed: readonly ObjectChange[];
  readonly removed: readonly string[];
  /** Number of objects that stay as they are. */
  readonly unchanged: number;
}

export interface ApplyOptions extends SetOptions {
  readonly log: Log;
  /** Longest wait, in seconds, for new workloads before traffic is sent to them. Defaults to 120. */
  readonly timeoutSeconds?: number;
}

export interface RemoveOptions extends Pick<SetOptions, 'name'> {
  readonly log: Log;
}

export interface WaitOptions {
  readonly log: Log;
  /** Longest wait in seconds. Defaults to 120. */
  readonly timeoutSeconds?: number;
}
