import './runtime/lazy-sdk-imports';
import { getStack, secret, type ComponentResourceOptions, type Resource } from '@pulumi/pulumi';
import * as mesh from './components';
import { loadSettings } from './config/load';
import { journalsFolder, journalsVariable, shiftSummaries } from './config/shifts';
import { takeOverOwnObjects } from './provider/takeover';
import { effectiveSplits, type Split } from './mesh/traffic/splits';
import { stackTraffic } from './mesh/traffic/stack-objects';

const { settings, policy, secretSections, cluster } = loadSettings();
takeOverOwnObjects(cluster, settings.adopt);

const { addons = {}, apps = {}, gateways = {}, routes = {}, objects = [] } = settings;
const istio = settings.istio === undefined ? undefined : mesh.withTracingProvider(settings.istio, addons);
const ofIstio = istio === undefined ? {} : { istio };
/** Options of the components of a section of the stack file. */
const section = (name: string) => ({ secret: secretSections.has(name) });

// Namespaces first: the injector reads their labels when a pod is created.
const labels = mesh.meshNamespaces(settings);
const namespaces = new Map(Object.entries(labels).map(([name, args]) => [name, new mesh.Namespace(name, args)]));
/** Resources that everything after them waits for. */
const ready: Resource[] = [...namespaces.values()];
/** Options of resources in a namespace: deleting the namespace deletes them too. */
function inside(name: string, after: Resource[] = []): ComponentResourceOptions {
  const deletedWith = namespaces.get(name)?.namespace;
  return { dependsOn: [...ready, ...after], ...(deletedWith === undefined ? {} : { deletedWith }) };
}

// Then the control plane: Istio objects need its CRDs, workloads and gateways its injector.
if (addons.certManager !== undefined) {
  const args = { ...addons.certManager, createNamespace: false };
  ready.push(new mesh.CertManager('cert-manager', args, { dependsOn: [...ready] }));
}
if (istio !== undefined) {
  const args = { ...istio, ...section('istio'), createNamespace: false };
  ready.push(new mesh.ControlPlane('istio', args, { dependsOn: [...ready] }));
}

const clusterIssuer = mesh.clusterIssuerName(addons.certManager);
const ingress = Object.entries(gateways).map(([name, gateway]) => {
  const args = { ...gateway, ...ofIstio, ...section('gateways'), createNamespace: false, clusterIssuer };
  return new mesh.Gateway(name, args, { dependsOn: [...ready] });
});
if (settings.addons !== undefined) {
  const args = { addons, gateways, ...ofIstio, ...section('addons') };
  new mesh.Addons('addons', args, { dependsOn: [...ready] });
}
const workloads: Resource[] = Object.entries(apps).map(([name, app]) => {
  const args = { ...app, ...section('apps'), namespaceSettings: labels[app.namespace] ?? {} };
  return new mesh.App(name, args, inside(app.namespace));
});
// They may hold workloads, too.
if (objects.length > 0)
  workloads.push(new mesh.Objects('objects', { objects, ...section('objects') }, { dependsOn: [...ready] }));

const controlPlane = istio?.namespace === undefined ? {} : { namespace: istio.namespace };
const proof = { ...settings.proof, ...cluster, ...controlPlane };
// Routes last: a version is Ready before it gets requests, and Pulumi deletes it after the route has left it.
for (const [namespace, services] of Object.entries(routes)) {
  const args = { namespace, services, proof, limits: policy, ...section('routes') };
  new mesh.Routes(namespace, args, inside(namespace, workloads));
}

/**
 * Class of requests → `v1 90 %, v3 10 %; timeout 1s`. It is a map, because Pulumi compares lists by position, so that a
 * removed rule would change every rule after it.
 */
function trafficLines(classes: readonly Split[]): Record<string, string> {
  // Unknowns that all classes share are listed once.
  const common = (classes[0]?.unknown ?? []).filter((reason) =>
    classes.every(({ unknown }) => unknown?.includes(reason)),
  );
  const lines = classes.map(({ who, to, with: treatment = [], unknown = [] }): [string, string] => {
    const shares = Object.entries(to).map(([destination, share]) => `${destination} ${share}`);
    const own = unknown.filter((reason) => !common.includes(reason)).map((reason) => `unknown: ${reason}`);
    return [who, [shares.join(', '), ...treatment, ...own].join('; ')];
  });
  return Object.fromEntries([...lines, ...(common.length === 0 ? [] : [['unknown', common.join('; ')] as const])]);
}
const splits = Object.entries(effectiveSplits(stackTraffic(settings))).map(
  ([asked, classes]) => [asked, trafficLines(classes)] as const,
);
const shares = Object.fromEntries(splits);
/** Where requests go, and how they are treated: service or gateway → class of requests → split. Previews show what a change moves. */
export const traffic = secretSections.has('routes') || secretSections.has('objects') ? secret(shares) : shares;
/** Address of each gateway. */
export const addresses = Object.fromEntries(ingress.map(({ gateway, address }) => [gateway, address]));
const summaries = shiftSummaries(process.env[journalsVariable] ?? journalsFolder(process.cwd(), getStack()));
/** The last shift of each route, as its journal was when the update ran. */
export const shifts = secretSections.has('routes') ? secret(summaries) : summaries;
