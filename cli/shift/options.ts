/** How a shift goes on, and when it goes back. */
export interface ShiftOptions {
  /** Shares of the requests that the target gets, step by step, in whole percent. */
  steps: number[];
  /** How long each step is measured, in milliseconds. */
  every: number;
  /** Highest share of failed requests (5xx or no response) of the new version, in percent. */
  maxErrorRate?: number;
  /** Percentage points by which the new version may fail more often than the stable one. */
  maxErrorIncrease?: number;
  /** Highest 99th percentile of the new version's latency, in milliseconds. */
  maxP99?: number;
  /** Percent by which the new version's 99th percentile may exceed that of the stable one. */
  maxP99Increase?: number;
  /** Requests that the new version must have got in a step before it is judged. */
  minRequests: number;
  /** Failed measurements that are tolerated. */
  failureLimit: number;
  /** Intervals without enough requests that are tolerated. */
  inconclusiveLimit: number;
  /** Further conditions: PromQL, a comparison and a number. */
  queries: string[];
  /** URLs that are asked at the end of each step. */
  webhooks: string[];
  /** Whether each step waits for an approval. */
  approve: boolean;
  /** After a failed gate: to the start at once, or back through the steps. */
  back: 'at-once' | 'steps';
  /** Requests with this header or cookie go to the new version before the others. */
  header?: { name: string; value: string };
  cookie?: { name: string; value: string };
  /** Share of the requests that is mirrored to the new version first, in percent. */
  mirror?: number;
  /** A cookie keeps clients with the version that served them first, for some seconds; its values end in the token. */
  sticky?: { seconds: number; token: string };
  /** URL of Prometheus; undefined when metrics are not judged. */
  prometheus?: string;
  /** Whether each step is committed to git. */
  commit: boolean;
}

/** Options that a shift has unless a flag or the stack file says otherwise. */
export const defaultOptions: ShiftOptions = {
  steps: [5, 25, 50, 100],
  every: 60_000,
  maxErrorRate: 1,
  minRequests: 50,
  failureLimit: 0,
  inconclusiveLimit: 1,
  queries: [],
  webhooks: [],
  approve: false,
  back: 'at-once',
  commit: false,
};
