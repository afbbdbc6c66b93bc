import * as z from 'zod';
import {
  type AppSettings,
  type ContainerPort,
  type EnvValue,
  knownAppNames,
  type Named,
  type ResourceSettings,
  type ServiceAccountSettings,
  type ServicePort,
  type ServiceSettings,
  type WorkloadKind,
  type WorkloadSettings,
} from '../../mesh/manifests/apps/settings';
import { anyMap, byLabel, count, label, port, serviceType, stringMap, text } from './values';

export const appServicePort = z.strictObject({
  port: port.describe('Port of the Service.'),
  name: text
    .exactOptional()
    .describe('A name such as http or grpc-web tells Istio the protocol. Default: none; Istio detects the protocol.'),
  targetPort: z.union([port, text]).exactOptional().describe('Port of the pod, by number or name. Default: port.'),
  nodePort: port.exactOptional().describe('Fixed node port, usually 30000 to 32767. Default: the cluster picks.'),
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).exactOptional().describe('Default: TCP.'),
  appProtocol: text.exactOptional().describe('Default: none.'),
}) satisfies z.ZodType<ServicePort>;

export const appService = z.strictObject({
  type: serviceType.exactOptional().describe('Default: ClusterIP.'),
  ports: z
    .array(appServicePort)
    .exactOptional()
    .describe('Default: the container ports of the first workload that the Service selects.'),
  selector: stringMap.exactOptional().describe('Default: app: <service>.'),
  labels: stringMap.exactOptional().describe('Default: app: <service>.'),
  annotations: stringMap.exactOptional().describe('Default: none.'),
  spec: anyMap.exactOptional().describe('Fields of the ServiceSpec, merged over those above. Default: none.'),
}) satisfies z.ZodType<ServiceSettings>;

const workloadKind = z.enum(['Deployment', 'StatefulSet', 'Pod']) satisfies z.ZodType<WorkloadKind>;

const envValue = z.union([z.string(), z.strictObject({ valueFrom: anyMap })]) satisfies z.ZodType<EnvValue>;

const containerPort = z.strictObject({
  containerPort: port.describe('Port that the container listens on.'),
  name: text.exactOptional().describe('Default: none.'),
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).exactOptional().describe('Default: TCP.'),
}) satisfies z.ZodType<ContainerPort>;

const quantities = z.record(z.string(), z.union([z.string(), z.number()]));

const resources = z.strictObject({
  requests: quantities.exactOptional().describe('E.g. { cpu: 200m, memory: 20Mi }. Default: none.'),
  limits: quantities.exactOptional().describe('Default: none.'),
}) satisfies z.ZodType<ResourceSettings>;

/** An entry of a Kubernetes list whose items have names. */
const named: z.ZodType<Named, Named> = z.object({ name: text }).catchall(z.unknown());

const probe = anyMap.exactOptional().describe("Kubernetes' Probe, verbatim. Default: none.");

export const workload = z.strictObject({
  install: z
    .boolean()
    .exactOptional()
    .describe('False leaves it out. Default: true, but false for the optional workloads of a sample app.'),
  kind: workloadKind.exactOptional().describe('Default: Deployment.'),
  labels: stringMap.exactOptional().describe('Labels of the object and its pods. Default: app: <workload>.'),
  annotations: stringMap.exactOptional().describe('Annotations of the object. Default: none.'),
  podAnnotations: stringMap.exactOptional().describe('Annotations of the pods. Default: none.'),
  replicas: count.exactOptional().describe('Default: 1.'),
  strategy: anyMap.exactOptional().describe("Kubernetes' DeploymentStrategy, verbatim. Default: Kubernetes' own."),
  serviceName: label.exactOptional().describe("Governing Service of a StatefulSet. Default: the workload's name."),
  serviceAccount: label.exactOptional().describe('ServiceAccount of the pods; the app creates it. Default: none.'),
  image: text.exactOptional().describe('Image reference.'),
  imagePullPolicy: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .exactOptional()
    .describe('Default: Always for :latest or no tag, else IfNotPresent.'),
  command: z.array(z.string()).exactOptional().describe("Default: the image's own."),
  args: z.array(z.string()).exactOptional().describe("Default: the image's own."),
  env: z.record(z.string(), envValue).exactOptional().describe('Name → value, or { valueFrom: … }. Default: none.'),
  ports: z.array(containerPort).exactOptional().describe('Default: none.'),
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  resources: resources.exactOptional().describe('CPU, memory and others, as Kubernetes quantities. Default: none.'),
  securityContext: anyMap.exactOptional().describe("The container's SecurityContext, verbatim. Default: none."),
  volumes: z.array(named).exactOptional().describe("Kubernetes' Volumes, verbatim. Default: none."),
  volumeMounts: z.array(named).exactOptional().describe("Kubernetes' VolumeMounts, verbatim. Default: none."),
  container: anyMap.exactOptional().describe('Fields of the container, merged over those above. Default: none.'),
  pod: anyMap.exactOptional().describe('Fields of the PodSpec, merged over those above. Default: none.'),
  spec: anyMap.exactOptional().describe("Fields of the workload's spec, merged over those above. Default: none."),
}) satisfies z.ZodType<WorkloadSettings>;

export const serviceAccount = z.strictObject({
  install: z.boolean().exactOptional().describe('False if it exists already. Default: true.'),
  labels: stringMap.exactOptional().describe('Default: none.'),
  annotations: stringMap.exactOptional().describe('Default: none.'),
}) satisfies z.ZodType<ServiceAccountSettings>;

export const app = z.strictObject({
  namespace: label.describe("Namespace of the app's objects."),
  app: z
    .enum(knownAppNames)
    .exactOptional()
    .describe("Sample app that the settings start from. Default: the key, where that is a sample app's name."),
  version: text.exactOptional().describe("Image version of a sample app. Default: the sample's own."),
  hub: text.exactOptional().describe("Registry and path before a sample app's image names. Default: the sample's own."),
  replicas: byLabel(count).exactOptional().describe('Replicas by workload. Default: 1 each.'),
  workloads: byLabel(workload)
    .exactOptional()
    .describe('Workloads by name, merged over those of the sample app. Default: those of the sample app.'),
  services: byLabel(appService)
    .exactOptional()
    .describe('Services by name, merged over those of the sample app. Default: those of the sample app.'),
  serviceAccounts: byLabel(serviceAccount)
    .exactOptional()
    .describe('Labels and annotations of the ServiceAccounts that workloads name. Default: none.'),
  secrets: byLabel(stringMap)
    .exactOptional()
    .describe('Secrets by name: key → value, set with `pulumi config set --secret --path`. Default: none.'),
}) satisfies z.ZodType<AppSettings>;

export const apps = byLabel(app).describe("Sample apps and the user's own, by name.");
