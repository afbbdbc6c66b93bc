/** What the proxies of a mesh serve, and the proof that they serve a change. */
export { addressPattern, addressRule, proxyNamePattern, proxyNameRule } from '../../mesh/manifests/formats';
export { ClusterError, type ClusterProblem, type KubeconfigOptions } from '../api';
export type { ClusterOptions } from './admin-endpoint';
export {
  dropped,
  expectedGone,
  expectedRoute,
  isVisible,
  sharedDestinations,
  type ExpectedRoute,
} from './expected-route';
export { MeshView, type MeshViewOptions } from './mesh-view';
export {
  LagError,
  proveDestinations,
  proveRoute,
  routeVerdicts,
  waitForProxies,
  type ProofOptions,
  type Waited,
  type WaitOptions,
} from './proof';
export { proxyConfig, type ProxyConfig } from './proxy-config';
export { proxySyncs, type ProxySync, type ProxyView } from './proxy-sync';
export { canonicalHost, formatShares, type Shares } from './shares';
export {
  formatProgress,
  judgeDestinations,
  judgeRoute,
  laggingLines,
  noRoute,
  servedShares,
  withServed,
  type ProxyState,
  type Verdict,
} from './verdicts';
