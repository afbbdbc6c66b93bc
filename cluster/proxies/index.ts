/** What the proxies of a mesh serve, and whether that is what was asked for. */
export { addressPattern, addressRule, proxyNamePattern, proxyNameRule } from '../../mesh/manifests/addresses';
export { LiveError, type LiveProblem } from '../api/errors';
export { dropped, expectedGone, expectedRoute, isVisible, sharedDestinations, type ExpectedRoute } from './expected';
export type { ClusterOptions } from './cluster';
export { judgeDestinations } from './judge-destinations';
export { judgeRoute, noRoute, servedSplits } from './judge-route';
export { loadKubeconfig, type KubeconfigOptions } from '../api/kubeconfig';
export { MeshView, type MeshViewOptions } from './mesh-view';
export { orderOf, type OrderStep } from './order';
export { proxyConfig, type ProxyConfig } from './proxy-config';
export { proxySyncs, type ProxySync } from './proxy-sync';
export type { ProxyView } from './proxy-view';
export { laggingLines, progressText, withServed } from './report';
export { canonicalHost, splitText, type Split } from './split';
export { LagError, proveDestinations, proveRoute, routeVerdicts, type ProofOptions } from './route-proof';
export type { ProxyState, Verdict } from './verdict';
export { waitForProxies, type Waited, type WaitOptions } from './wait';
