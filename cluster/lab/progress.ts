import type { Log } from './types';

/** Time between two lines about a step, in milliseconds, where lines cannot be rewritten. */
const lineMs = 60_000;

/** `45 s`, `3 min 5 s`. */
function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Estimate of the remaining time; '' while too little is done for an estimate. */
export function timeLeft(done: number, total: number, elapsedMs: number): string {
  if (total === 0 || done / total < 0.05 || done >= total) return '';
  const minutes = Math.ceil((elapsedMs / done) * (total - done)) / 60_000;
  return minutes < 1 ? 'less than a minute left' : `about ${Math.ceil(minutes)} min left`;
}

/**
 * Runs steps one after another, and reports the number, progress and duration of each. On a terminal one line is rewritten each second; elsewhere there is a line a minute.
 */
export class Steps {
  readonly #started = Date.now();
  #done = 0;

  constructor(
    private readonly log: Log,
    private readonly total: number,
  ) {}

  /** @param progress - returns a detail to show, such as a count */
  async run<T>(title: string, work: () => Promise<T>, progress: () => string = () => ''): Promise<T> {
    this.#done += 1;
    const name = `lab: step ${this.#done} of ${this.total}: ${title}`;
    const rewrite = this.log.rewrite;
    this.log(name);
    const began = Date.now();
    const line = (): string =>
      [name, progress(), duration(Date.now() - began)].filter((part) => part !== '').join(', ');
    const timer = setInterval(() => (rewrite ?? this.log)(line()), rewrite === undefined ? lineMs : 1000);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      rewrite?.('');
    }
  }

  get elapsed(): string {
    return duration(Date.now() - this.#started);
  }
}
