import type { Share } from '../share';

/** How a change affects a part of the graph. */
export type GraphChange = 'added' | 'removed' | 'changed';

export interface GraphNode {
  id: string;
  kind: 'gateway' | 'service' | 'version' | 'answer';
  label: string;
  /** '' for nodes outside namespaces. */
  namespace: string;
  /** More lines: ports of a gateway, a differing mTLS mode, circuit breaker, outlier detection, pods. */
  notes: string[];
  /** For a version: the service's host, and the value of its pods' label `version`. */
  versionOf?: { host: string; version: string };
  /** True for a destination that the proxies do not have: its requests end in 503. */
  missing: boolean;
  change?: GraphChange;
}

export interface GraphEdge {
  from: string;
  to: string;
  /** Host of the requests at a gateway; '' elsewhere, and for every host. */
  host: string;
  /** Which requests, in words; empty for all requests. */
  who: string;
  share: Share;
  /** Part before a change. */
  before?: Share;
  /** Timeouts, retries, faults, rewrites, mirrors. */
  notes: string[];
  /** Recent observations. */
  observed?: Observed;
  /** Notes that a change removes. */
  lost?: string[];
  change?: GraphChange;
  /**
   * Joins a version to its service when no rule of the service sends requests to it: the share is 0 if the service has
   * rules, and 1 if it has none.
   */
  idle?: true;
}

/** The metrics of one edge. */
export interface Observed {
  share: Share;
  /** Number of counted requests, over all edges of the same split. */
  requests: number;
  /** Whether the share is outside the 99.9 % bound of the configured one. */
  deviates: boolean;
}

/** A mesh as a graph: gateways, services and versions, with the shares of requests between them. In a fixed order. */
export interface TrafficGraph {
  nodes: GraphNode[];
  edges: GraphEdge[];
  /** What applies to the whole picture. */
  captions: string[];
}
