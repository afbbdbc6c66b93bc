/** What the proxies of a mesh serve, and the proof that they serve a change. */
export { addressPattern, addressRule, proxyNamePattern, proxyNameRule } from '../../mesh/manifests/formats';
export { ClusterError, type KubeconfigOptions } from '../api';
export { dropped, expectedGone, expectedRoute, sharedDestinations } from './expected-route';
export { MeshView, type MeshViewOptions } from './mesh-view';
export { LagError, proveDestinations, proveRoute, routeVerdicts, waitForProxies } from './proof';
export { proxyConfig } from './proxy-config';
export { proxySyncs, type ProxySyncView } from './proxy-sync';
export { canonicalHost, formatShares } from './shares';
export { judgeDestinations, judgeRoute, noRoute, type ProxyVerdict } from './verdicts';
