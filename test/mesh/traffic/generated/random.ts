import { seededRandom } from '../../../../mesh/traffic/explanation';

/** Random choices from a seed, the same on every machine. */
export class Choices {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  /** From `least` to `most`, both included. */
  number(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  chance(part: number): boolean {
    return this.random() < part;
  }

  /** @throws RangeError for an empty list */
  one<T>(options: readonly T[]): T {
    const [chosen] = options.slice(this.number(0, options.length - 1));
    if (chosen === undefined) throw new RangeError('nothing to choose from');
    return chosen;
  }

  /** Some of the options in their order, at least one. */
  some<T>(options: readonly T[]): T[] {
    const chosen = options.filter(() => this.chance(0.5));
    return chosen.length > 0 ? chosen : [this.one(options)];
  }

  /**
   * The result of `make` with a given probability, else an empty map. The type is any map, because the compiler would
   * need a minute for the union of all possible maps.
   */
  maybe(part: number, make: () => Record<string, unknown>): Record<string, unknown> {
    return this.chance(part) ? make() : {};
  }

  list<T>(least: number, most: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.number(least, most) }, (_, index) => make(index));
  }
}
