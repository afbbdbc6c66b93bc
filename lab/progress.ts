import type { Log } from './types';

/** Time between two lines about the same step, in milliseconds. */
const INTERVAL_MS = 10_000;

/** `45 s`, `3 min 5 s`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Runs steps one after another, telling which of how many begins, how far it is every ten seconds, and how long it took. */
export class Steps {
  readonly #started = Date.now();
  #done = 0;

  constructor(
    private readonly log: Log,
    private readonly total: number,
  ) {}

  /** `progress` is asked for more to say, such as a count. */
  async run<T>(title: string, work: () => Promise<T>, progress: () => string = () => ''): Promise<T> {
    this.#done += 1;
    const name = `lab: step ${this.#done} of ${this.total}: ${title}`;
    this.log(name);
    const timer = setInterval(
      () => this.log([name, progress(), duration(Date.now() - this.#started)].filter((part) => part !== '').join(', ')),
      INTERVAL_MS,
    );
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }

  get elapsed(): string {
    return duration(Date.now() - this.#started);
  }
}
