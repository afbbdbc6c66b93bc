import { asMap, asStringMap } from '../../mesh/json';
import type { MeshKind, MeshModel, MeshObject, MeshService } from '../../mesh/model/mesh-model';
import { httpField, isAmbient, useWaypoint, waypointOf, waypointsIn } from '../model/ambient';
import { policyAttachment, workloadsOfPolicy } from '../../mesh/model/policy-attachment';
import { hostRules } from '../model/host-rules';
import { isOnMesh } from '../model/routes';
import { type CheckOptions, examples, type Rule, type Violation } from '../rule';

const policyKinds: readonly MeshKind[] = ['AuthorizationPolicy', 'RequestAuthentication', 'WasmPlugin', 'Telemetry'];

/**
 * Judged if the Namespace object enables ambient mode. ztunnel only forwards connections; everything that reads HTTP
 * needs a waypoint. Policies attach to it by targetRefs, and it uses only routes and DestinationRules from the
 * Service's namespace.
 */
export const ambientWaypoint: Rule = {
  id: 'ambient-waypoint',
  level: 'mandatory',
  title: 'in ambient mode, HTTP routes and policies have a waypoint',
  istio: ['IST0167'],
  kiali: [
    'KIA0109',
    'KIA0110',
    'KIA0210',
    'KIA0212',
    'KIA1109',
    'KIA1110',
    'KIA1111',
    'KIA1112',
    'KIA1114',
    'KIA1115',
    'KIA1116',
    'KIA1117',
    'KIA1313',
  ],
  single: false,
  docs: {
    why: 'ztunnel does not read HTTP: without a waypoint routes and DestinationRules have no effect, and an AuthorizationPolicy with HTTP fields denies requests.',
    ...examples(
      `
apiVersion: v1
kind: Namespace
metadata: { name: bookinfo, labels: { istio.io/dataplane-mode: ambient } }
---
apiVersion: v1
kind: Service
metadata: { name: reviews, namespace: bookinfo }
spec: { selector: { app: reviews }, ports: [{ name: http, port: 9080 }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http: [{ route: [{ destination: { host: reviews } }] }]
`,
      [
        'labels: { istio.io/dataplane-mode: ambient }',
        'labels: { istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint }',
      ],
      [
        `---
`,
        `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: waypoint, namespace: bookinfo }
spec: { gatewayClassName: istio-waypoint, listeners: [{ name: mesh, port: 15008, protocol: HBONE }] }
---
`,
      ],
    ),
    fix: 'Deploy a waypoint, label the namespace or Service with `istio.io/use-waypoint`, attach policies with targetRefs, and keep routes in the namespace of their Service.',
  },
  check: (model, options) => [
    ...policyKinds.flatMap((kind) => model.objects.ofKind(kind).flatMap((policy) => policyViolations(model, policy))),
    ...model.virtualServices.all
      .filter(isOnMesh)
      .flatMap(({ source, hosts }) => hostViolations(model, source, hosts, (at) => `spec.hosts[${at}]`)),
    ...hostRules(model).all.flatMap(({ source, host }) => hostViolations(model, source, [host], () => 'spec.host')),
    ...missingWaypoints(model, options),
    ...model.objects.ofKind('Sidecar').flatMap((sidecar) => sidecarViolation(model, sidecar)),
  ],
};

function policyViolations(model: MeshModel, policy: MeshObject): Violation[] {
  const namespace = model.namespaces.get(policy.namespace);
  const field = isAmbient(namespace) ? httpField(policy) : undefined;
  if (field === undefined) return [];
  const target = policyAttachment(policy);
  const object = policy.object;
  const found: Violation[] = [];
  if (target.targets.length === 0) {
    const message = `${field === 'spec' ? `a ${policy.kind}` : `"${field}"`} needs a waypoint, and waypoints take only policies with targetRefs; attach it to a Service or to the waypoint's Gateway`;
    found.push({ object, path: 'spec.targetRefs', message });
  }
  const services = target.targets
    .filter(({ kind }) => kind === 'Service')
    .flatMap(({ name }) => model.serviceFor(name, policy.namespace) ?? []);
  const owners =
    services.length > 0
      ? services.map(({ source }) => source.labels)
      : target.selector === undefined
        ? [{}]
        : workloadsOfPolicy(model, target.source).map(({ labels }) => labels);
  const namesGateway = target.targets.some(({ kind }) => kind === 'Gateway' || kind === 'GatewayClass');
  if (!namesGateway && owners.some((labels) => waypointOf(labels, namespace) === undefined)) {
    const message = `the targets in namespace ${policy.namespace} use no waypoint, and ztunnel cannot apply this; label the ${services.length > 0 ? 'Service' : 'namespace'} with ${useWaypoint}`;
    found.push({ object, path: 'spec', message });
  }
  return found;
}

/** Routes and rules for Services of ambient namespaces. */
function hostViolations(
  model: MeshModel,
  source: MeshObject,
  hosts: readonly string[],
  pathOf: (at: number) => string,
): Violation[] {
  const field = httpField(source);
  if (field === undefined) return [];
  return hosts.flatMap((host, at) => {
    const service = model.services.withHost(host)[0];
    if (service === undefined || !isAmbient(model.namespaces.get(service.namespace))) return [];
    return hostFaults(model, source, service, field).map((message) => ({
      object: source.object,
      path: pathOf(at),
      message,
    }));
  });
}

function hostFaults(model: MeshModel, { kind, namespace }: MeshObject, service: MeshService, field: string): string[] {
  const name = `${service.source.kind} ${service.namespace}/${service.name}`;
  const faults: string[] = [];
  if (namespace !== service.namespace) {
    faults.push(
      `waypoints take a ${kind} from the namespace of its Service only; move it to namespace ${service.namespace}`,
    );
  }
  if (waypointOf(service.source.labels, model.namespaces.get(service.namespace)) === undefined) {
    faults.push(
      `"${field}" needs a waypoint, and ${name} uses none; label it or namespace ${service.namespace} with ${useWaypoint}`,
    );
  }
  return faults;
}

/**
 * A label that names a missing waypoint. Judged if the input has waypoints of that namespace, or if it is the namespace
 * of the labelled object.
 */
function missingWaypoints(model: MeshModel, options: CheckOptions): Violation[] {
  const labelled = [
    ...[
      ...model.objects.ofKind('Namespace'),
      ...model.objects.ofKind('Service'),
      ...model.objects.ofKind('ServiceEntry'),
    ].map((source) => ({ source, labels: source.labels, path: 'metadata.labels' })),
    ...model.workloads.all.map(({ source, labels, podSpecPath }) => ({
      source,
      labels,
      path: podSpecPath.replace(/spec$/, 'metadata.labels'),
    })),
  ].filter(({ labels }) => labels[useWaypoint] !== undefined);
  return labelled.flatMap(({ source, labels, path }) => {
    const home = model.namespaces.get(source.kind === 'Namespace' ? source.name : source.namespace);
    const wanted = waypointOf(labels, home);
    if (wanted === undefined || !isAmbient(home)) return [];
    const waypoints = waypointsIn(model, wanted.namespace);
    if ((waypoints.length === 0 && options.complete !== true) || waypoints.some(({ name }) => name === wanted.name))
      return [];
    const names = waypoints
      .map(({ name }) => name)
      .sort()
      .join(', ');
    const message = `namespace ${wanted.namespace} has no waypoint "${wanted.name}"; it has ${names === '' ? 'none' : names}. Name one of them, or add the Gateway`;
    return [{ object: source.object, path: `${path}["${useWaypoint}"]`, message }];
  });
}

function sidecarViolation(model: MeshModel, sidecar: MeshObject): Violation[] {
  const selector = asStringMap(asMap(sidecar.spec['workloadSelector'])['labels']);
  const isWide = Object.keys(selector).length === 0;
  const selected = isWide ? [] : model.workloads.selectedBy(selector, sidecar.namespace);
  const isIdle = isWide
    ? isAmbient(model.namespaces.get(sidecar.namespace))
    : selected.length > 0 && selected.every(({ proxy }) => proxy === 'ambient');
  if (!isIdle) return [];
  const message = 'a Sidecar has no effect on workloads in ambient mode, which have no sidecar; remove it';
  return [{ object: sidecar.object, path: isWide ? 'spec' : 'spec.workloadSelector', message, level: 'advisory' }];
}
