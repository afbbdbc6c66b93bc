/** Istio as Pulumi components. */
export { Addons, CertManager, type AddonsArgs, type CertManagerArgs } from './addons';
export { App, Bookinfo, type AppArgs, type BookinfoArgs } from './apps';
export { ControlPlane, type ControlPlaneArgs } from './control-plane';
export { Gateway, type GatewayArgs } from './gateway';
export { clusterIssuerName } from '../mesh/manifests/addons/addons';
export { withTracingProvider } from '../mesh/manifests/addons/tracing';
export { meshNamespaces } from '../mesh/manifests/mesh';
export { Namespace, type NamespaceArgs } from './namespace';
export { Objects, type ObjectsArgs } from './objects';
export { Routes, type RoutesArgs } from './routes';
