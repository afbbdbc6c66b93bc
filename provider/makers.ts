import { setTimeout as sleep } from 'node:timers/promises';

/** How long, in milliseconds, nobody must have made anything: the sets of a program reach the provider one after the other. */
const quiet = 500;

/** The sets of one run, which are changed side by side. A route that leaves one set may come in another: routes are taken away when nobody makes any more. */
export class Makers {
  private busy = 0;
  private last = performance.now();

  /** Notes that something is being made while `work` goes on. */
  async while<T>(work: () => Promise<T>): Promise<T> {
    this.busy += 1;
    try {
      return await work();
    } finally {
      this.busy -= 1;
      this.last = performance.now();
    }
  }

  /** Waits until nobody makes. Not to be called by who does, who would wait for itself. */
  async done(signal: AbortSignal): Promise<void> {
    while (this.busy > 0 || performance.now() - this.last < quiet) await sleep(50, undefined, { signal });
  }
}
