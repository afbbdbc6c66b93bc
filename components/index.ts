/** Istio as Pulumi components. */
export { Addons, CertManager, type AddonsArgs, type CertManagerArgs } from './addons';
export { App, Bookinfo, type AppArgs, type BookinfoArgs } from './apps';
export { IstioControlPlane, type IstioControlPlaneArgs } from './control-plane';
export { IngressGateway, type IngressGatewayArgs } from './ingress-gateway';
export { clusterIssuerName } from '../mesh/manifests/addons/addons';
export { withTracingProvider } from '../mesh/manifests/addons/tracing';
export { meshNamespaces } from '../mesh/manifests/mesh';
export { MeshNamespace, type MeshNamespaceArgs } from './mesh-namespace';
export { Objects, type ObjectsArgs } from './objects';
export { Routes, type RoutesArgs } from './routes';
