import { controlPlaneNamespace } from '../control-plane';
import { defined, type KubernetesObject, type Rendered } from '../kubernetes';
import { defaultIstioVersion } from '../istio';
import { mergeValues } from '../release';
import type { IstioSettings } from '../settings';
import {
  type AddonContext,
  jaegerPods,
  jaegerQueryPort,
  jaegerUiPort,
  tracingBackend,
  zipkinPods,
  zipkinPort,
} from './catalog';
import type { AddonServiceSettings, AddonsSettings, TracingBackend } from './settings';

interface TracingPort {
  name: string;
  port: number;
  targetPort: number;
}

const origin = 'meshwright:addons.tracing';
const zipkinApi: TracingPort = { name: 'http-zipkin', port: zipkinPort, targetPort: zipkinPort };
const collectorPorts: TracingPort[] = [
  { name: 'jaeger-collector-http', port: 14268, targetPort: 14268 },
  { name: 'jaeger-collector-grpc', port: 14250, targetPort: 14250 },
  zipkinApi,
  { name: 'grpc-otel', port: 4317, targetPort: 4317 },
  { name: 'http-otel', port: 4318, targetPort: 4318 },
];

/**
 * The Services with the names that Istio's documentation and other tools use: `tracing` for the web page and `zipkin`
 * for spans, both of the one backend, and Jaeger's collector. No chart creates them, so there is never more than one of
 * each.
 */
export function tracingServices({ addons, namespace }: AddonContext): Rendered[] {
  const backend = tracingBackend(addons);
  const services: KubernetesObject[] = [
    ...(addons.jaeger === undefined ? [] : [service(namespace, 'jaeger-collector', jaegerPods, collectorPorts)]),
    ...(backend === undefined
      ? []
      : [
          webService(namespace, backend, addons[backend]?.service),
          service(namespace, 'zipkin', podsOf(backend), [zipkinApi]),
        ]),
  ];
  return services.map((object) => ({ object, origin }));
}

function webService(namespace: string, backend: TracingBackend, settings: AddonServiceSettings = {}): KubernetesObject {
  const { type, nodePort, annotations } = settings;
  const ports = [
    defined({ name: 'http-query', port: 80, targetPort: backend === 'jaeger' ? jaegerUiPort : zipkinPort, nodePort }),
    ...(backend === 'jaeger' ? [{ name: 'grpc-query', port: jaegerQueryPort, targetPort: jaegerQueryPort }] : []),
  ];
  const object = service(namespace, 'tracing', podsOf(backend), ports);
  return {
    ...object,
    metadata: defined({ ...object.metadata, annotations }),
    spec: { type: type ?? 'ClusterIP', ...object.spec },
  };
}

function podsOf(backend: TracingBackend): Record<string, string> {
  return backend === 'jaeger' ? jaegerPods : zipkinPods;
}

function service(
  namespace: string,
  name: string,
  selector: Record<string, string>,
  ports: TracingPort[],
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { app: selector['app.kubernetes.io/name'] ?? name } },
    spec: { selector, ports },
  };
}

/**
 * The control plane's settings with the backend added as an extension provider, unless they have one of that name. Providers of the settings are kept; those of a
 * profile are replaced, as Helm does with lists. https://istio.io/latest/docs/tasks/observability/distributed-tracing/
 */
export function withTracingProvider(istio: IstioSettings, addons: AddonsSettings = {}): IstioSettings {
  const backend = tracingBackend(addons);
  if (backend === undefined || addons.tracing?.provider !== undefined) return istio;
  const stated = istio.meshConfig?.['extensionProviders'];
  const providers = Array.isArray(stated) ? (stated as { name?: unknown }[]) : [];
  if (providers.some(({ name }) => name === backend)) return istio;
  const host = `zipkin.${addonsNamespace(addons, istio)}.svc.cluster.local`;
  const provider = { name: backend, zipkin: { service: host, port: zipkinPort } };
  return {
    ...istio,
    meshConfig: mergeValues(istio.meshConfig ?? {}, { extensionProviders: [...providers, provider] }),
  };
}

/** The Telemetry that enables tracing for the whole mesh, which Istio requires since 1.22. Proxies get a changed sampling at once. */
export function meshTelemetry({ addons, istio }: AddonContext): Rendered[] {
  const backend = tracingBackend(addons);
  if (backend === undefined) return [];
  const { provider, sampling } = addons.tracing ?? {};
  const tracing = defined({ providers: [{ name: provider ?? backend }], randomSamplingPercentage: sampling });
  const object: KubernetesObject = {
    apiVersion: hasStableTelemetry(istio.version ?? defaultIstioVersion)
      ? 'telemetry.istio.io/v1'
      : 'telemetry.istio.io/v1alpha1',
    kind: 'Telemetry',
    metadata: { name: 'mesh-default', namespace: controlPlaneNamespace(istio) },
    spec: { tracing: [tracing] },
  };
  return [{ object, origin }];
}

/** Telemetry is v1 since Istio 1.22. */
function hasStableTelemetry(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 1 || minor >= 22;
}

/** Namespace of the telemetry addons. */
export function addonsNamespace(addons: AddonsSettings, istio: IstioSettings | undefined): string {
  return addons.namespace ?? controlPlaneNamespace(istio);
}
