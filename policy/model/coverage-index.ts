import { pushTo } from '../../mesh/model/object-index';
import type { Literal } from '../../mesh/traffic/matching/literal';
import { covers, literalsOf, type Condition } from './match-coverage';
import type { RouteProtocol } from './routes';

interface Entry<T> {
  condition: Condition;
  item: T;
  order: number;
}

/**
 * Finds the conditions that cover another without comparing it with each: a path lies within an exact path or a prefix that is looked up, or within one of the few conditions that are
 * neither.
 */
export class CoverageIndex<T> {
  readonly #exact = new Map<string, Entry<T>[]>();
  readonly #prefix = new Map<string, Entry<T>[]>();
  readonly #others: Entry<T>[] = [];
  #size = 0;

  constructor(private readonly protocol: RouteProtocol) {}

  add(condition: Condition, item: T): void {
    const entry = { condition, item, order: this.#size++ };
    const path = this.#pathOf(condition);
    if (path?.kind === 'exact') pushTo(this.#exact, path.value, entry);
    else if (path?.kind === 'prefix') pushTo(this.#prefix, path.value, entry);
    else this.#others.push(entry);
  }

  /** Items whose condition covers `inner`, in the order in which they were added. */
  covering(inner: Condition): T[] {
    return this.#candidates(inner)
      .filter(({ condition }) => covers(this.protocol, condition, inner))
      .sort((a, b) => a.order - b.order)
      .map(({ item }) => item);
  }

  #candidates(inner: Condition): Entry<T>[] {
    const path = this.#pathOf(inner);
    if (path === undefined) return [...this.#others];
    const found = [...this.#others, ...(path.kind === 'exact' ? (this.#exact.get(path.value) ?? []) : [])];
    for (let end = 1; end <= path.value.length; end++)
      found.push(...(this.#prefix.get(path.value.slice(0, end)) ?? []));
    return found;
  }

  /** The path that a condition asks for, when it is one that can be looked up. */
  #pathOf({ match }: Condition): { kind: 'exact' | 'prefix'; value: string } | undefined {
    if (this.protocol !== 'http') return undefined;
    const test = literalsOf(match).find((literal: Literal) => literal.variable === 'path')?.test;
    if (test?.kind !== 'exact' && test?.kind !== 'prefix') return undefined;
    return test.ignoreCase ? undefined : { kind: test.kind, value: test.value };
  }
}
