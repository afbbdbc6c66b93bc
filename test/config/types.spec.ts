import assert from 'node:assert/strict';
import type * as z from 'zod';
import type * as addonTypes from '../../mesh/manifests/addons/settings';
import type * as appTypes from '../../mesh/manifests/apps/settings';
import type { KubernetesObject, ObjectMeta } from '../../mesh/manifests/kubernetes';
import type { ChartSource } from '../../mesh/manifests/release';
import type * as types from '../../mesh/manifests/settings';
import type * as addons from '../../config/schema/addons';
import type * as appServices from '../../config/schema/apps';
import type * as apps from '../../config/schema/apps';
import type * as workloads from '../../config/schema/apps';
import type * as gateways from '../../config/schema/gateways';
import type * as istio from '../../config/schema/istio';
import type * as namespaces from '../../config/schema/stack-file';
import type * as objects from '../../config/schema/stack-file';
import type * as stackFile from '../../config/schema/stack-file';
import type * as objectSettings from '../../config/schema/values';
import type * as policy from '../../config/schema/policy';
import type * as routes from '../../config/schema/routes';
import type * as rules from '../../config/schema/routes';
import type * as weights from '../../config/schema/routes';

/**
 * Schemas and interfaces say the same, in both directions: `satisfies` alone would not miss an optional key that the schema lacks. The compiler is the test
 * (`npm run types`); a difference makes a `false` where `true` is asked for.
 */
type Flat<T> = { [K in keyof T]: T[K] };
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a generic function's type is what makes the comparison exact
type Equal<A, B> = (<T>() => T extends Flat<A> ? 1 : 2) extends <T>() => T extends Flat<B> ? 1 : 2 ? true : false;
type Same<S extends z.ZodType, T> = [Equal<z.output<S>, T>, Equal<z.input<S>, T>] extends [true, true] ? true : false;

/** The same keys, with the same ones optional: for what holds intersections further down, which are another type than the map that they amount to. */
type Keys<T> = { [K in keyof T]: true };
type SameKeys<S extends z.ZodType, T> = Equal<Keys<z.output<S>>, Keys<T>>;

const same: {
  stackFile: SameKeys<typeof stackFile.stackFile, stackFile.StackFile>;
  route: SameKeys<typeof routes.route, types.RouteSettings>;
  istio: Same<typeof istio.istio, types.IstioSettings>;
  chartSource: Same<typeof istio.chartSource, ChartSource>;
  gateway: Same<typeof gateways.gateway, types.GatewaySettings>;
  gatewayService: Same<typeof gateways.gatewayService, types.GatewayServiceSettings>;
  servicePort: Same<typeof gateways.servicePort, types.ServicePortSettings>;
  ingress: Same<typeof gateways.ingress, types.IngressSettings>;
  certificate: Same<typeof gateways.certificate, types.CertificateSettings>;
  istioGateway: Same<typeof gateways.istioGateway, types.IstioGatewaySettings>;
  namespace: Same<typeof namespaces.namespace, types.NamespaceSettings>;
  objectSettings: Same<typeof objectSettings.objectSettings, types.ObjectSettings>;
  exportedObjectSettings: Same<typeof objectSettings.exportedObjectSettings, types.ExportedObjectSettings>;
  weights: Same<typeof weights.weights, types.Weights>;
  version: Same<typeof routes.version, types.VersionSettings>;
  destinationRule: Same<typeof routes.destinationRule, types.DestinationRuleSettings>;
  httpRule: Same<typeof rules.httpRule, types.HttpRuleSettings>;
  tcpRule: Same<typeof rules.tcpRule, types.TcpRuleSettings>;
  tlsRule: Same<typeof rules.tlsRule, types.TlsRuleSettings>;
  app: Same<typeof apps.app, appTypes.AppSettings>;
  serviceAccount: Same<typeof apps.serviceAccount, appTypes.ServiceAccountSettings>;
  workload: Same<typeof workloads.workload, appTypes.WorkloadSettings>;
  appService: Same<typeof appServices.appService, appTypes.ServiceSettings>;
  appServicePort: Same<typeof appServices.appServicePort, appTypes.ServicePort>;
  addons: Same<typeof addons.addons, addonTypes.AddonsSettings>;
  kiali: Same<typeof addons.kiali, addonTypes.KialiSettings>;
  grafana: Same<typeof addons.grafana, addonTypes.GrafanaSettings>;
  tracing: Same<typeof addons.tracing, addonTypes.TracingSettings>;
  certManager: Same<typeof addons.certManager, addonTypes.CertManagerSettings>;
  object: Same<typeof objects.kubernetesObject, KubernetesObject>;
  objectMeta: Same<typeof objects.objectMeta, ObjectMeta>;
  policy: Same<typeof policy.policy, policy.PolicySettings>;
} = {
  stackFile: true,
  route: true,
  istio: true,
  chartSource: true,
  gateway: true,
  gatewayService: true,
  servicePort: true,
  ingress: true,
  certificate: true,
  istioGateway: true,
  namespace: true,
  objectSettings: true,
  exportedObjectSettings: true,
  weights: true,
  version: true,
  destinationRule: true,
  httpRule: true,
  tcpRule: true,
  tlsRule: true,
  app: true,
  serviceAccount: true,
  workload: true,
  appService: true,
  appServicePort: true,
  addons: true,
  kiali: true,
  grafana: true,
  tracing: true,
  certManager: true,
  object: true,
  objectMeta: true,
  policy: true,
};

describe('the schema', () => {
  it('has the types of the settings; the compiler says so', () => {
    assert.deepEqual(new Set(Object.values(same)), new Set([true]));
  });
});
