/** Istio as Pulumi components. */
export { Addons, type AddonsArgs } from './addons/addons';
export { App, type AppArgs } from './apps/app';
export { Bookinfo, type BookinfoArgs } from './apps/bookinfo';
export { CertManager, type CertManagerArgs } from './cert-manager';
export { IstioControlPlane, type IstioControlPlaneArgs } from './control-plane';
export { IngressGateway, type IngressGatewayArgs } from './ingress-gateway';
export { clusterIssuerName } from '../mesh/manifests/addons/cert-manager';
export { withTracingProvider } from '../mesh/manifests/addons/tracing';
export { meshNamespaces } from '../mesh/manifests/mesh';
export { MeshNamespace, type MeshNamespaceArgs } from './mesh-namespace';
export { Objects, type ObjectsArgs } from './objects';
export { Routes, type RoutesArgs } from './routes';
