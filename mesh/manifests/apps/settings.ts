import type { ServiceType } from '../kubernetes';
import type { ChartValues } from '../release';
import type { Verbatim } from '../verbatim';

/** An app of the stack, a sample app or your own: workloads, and Services in front of them. */
export interface AppSettings {
  /** Namespace of the app's objects. The stack creates it unless `namespaces` marks it as `existing`. */
  namespace: string;
  /** Sample app that the settings are based on. Defaults to the app's key when that is a sample app's name, else to none. */
  app?: Verbatim<KnownAppName>;
  /** Image version of a sample app whose images share one. Defaults to the sample's own. */
  version?: string;
  /** Registry and path of a sample app's images. Defaults to the sample's own. */
  hub?: string;
  /** Replicas by workload, a short form of `workloads.<name>.replicas`. */
  replicas?: Record<string, number>;
  /** Workloads by name, merged over those of the sample app: maps key by key, lists replaced as a whole. */
  workloads?: Verbatim<Record<string, WorkloadSettings>>;
  /** Services by name, merged likewise. A sample app's Service is left out when it selects no installed workload. */
  services?: Verbatim<Record<string, ServiceSettings>>;
  /** Details of ServiceAccounts. Each ServiceAccount that a workload names is created, with or without an entry here. */
  serviceAccounts?: Record<string, ServiceAccountSettings>;
  /** Secrets by name: key → value. Set the values as Pulumi secrets (`pulumi config set --secret --path …`). */
  secrets?: Record<string, Record<string, string>>;
}

export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'Pod';

export interface WorkloadSettings {
  /** False leaves the workload out. Defaults to true, except for a sample app's optional workloads. */
  install?: boolean;
  /** Defaults to `Deployment`. */
  kind?: WorkloadKind;
  /** Labels of the object and its pods. Default to `app: <workload>`. The selector uses only `app` and `version`, so that other labels may change. */
  labels?: Record<string, string>;
  /** Annotations of the object itself. */
  annotations?: Record<string, string>;
  /** Annotations of the pods. A bare Pod has these in addition to `annotations`. */
  podAnnotations?: Record<string, string>;
  /** Replicas of a Deployment or StatefulSet. Defaults to 1. */
  replicas?: number;
  /** Kubernetes' DeploymentStrategy, verbatim. Deployment only. */
  strategy?: Record<string, unknown>;
  /** Governing Service of a StatefulSet. Defaults to the workload's name. */
  serviceName?: string;
  /** ServiceAccount of the pods, created by the app. Defaults to the namespace's `default`. */
  serviceAccount?: string;
  /** Image reference. */
  image?: string;
  /** Defaults to Kubernetes' default: `Always` for `:latest` or no tag, else `IfNotPresent`. */
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  command?: string[];
  args?: string[];
  /** Environment: name → value, or `{ valueFrom: … }`. Values are strings: write `"1"`, not `1`. */
  env?: Record<string, EnvValue>;
  ports?: ContainerPort[];
  /** Kubernetes' Probe, verbatim, like the two below. */
  livenessProbe?: Record<string, unknown>;
  readinessProbe?: Record<string, unknown>;
  startupProbe?: Record<string, unknown>;
  resources?: ResourceSettings;
  /** Kubernetes' SecurityContext of the container, verbatim. That of the pod goes into `pod.securityContext`. */
  securityContext?: Record<string, unknown>;
  /** Kubernetes' Volume list, verbatim. */
  volumes?: Named[];
  /** Kubernetes' VolumeMount list, verbatim. */
  volumeMounts?: Named[];
  /** Fields of the container, merged over those above. Its name defaults to the label `app`. */
  container?: Record<string, unknown>;
  /** Fields of the PodSpec, merged over those above; `containers` are added to the workload's own. */
  pod?: Record<string, unknown>;
  /** Fields of the DeploymentSpec or StatefulSetSpec, merged over those above. */
  spec?: Record<string, unknown>;
}

export type EnvValue = string | { valueFrom: Record<string, unknown> };

export interface ContainerPort {
  /** Port of the container. */
  containerPort: number;
  /** Name of the port. */
  name?: string;
  /** Defaults to TCP. */
  protocol?: 'TCP' | 'UDP' | 'SCTP';
}

/** CPU, memory and other resources as Kubernetes quantities, e.g. `{ requests: { cpu: 200m, memory: 20Mi } }`. */
export interface ResourceSettings {
  requests?: Record<string, string | number>;
  limits?: Record<string, string | number>;
}

export type Named = { name: string } & Record<string, unknown>;

export interface ServiceSettings {
  /** Defaults to Kubernetes' default, `ClusterIP`. */
  type?: ServiceType;
  /** Defaults to the container ports of the first workload that the Service selects. */
  ports?: ServicePort[];
  /** Defaults to `app: <service>`. */
  selector?: Record<string, string>;
  /** Default to `app: <service>`. */
  labels?: Record<string, string>;
  /** More annotations. */
  annotations?: Record<string, string>;
  /** Fields of the ServiceSpec, merged over those above, e.g. `{ clusterIP: None }`. */
  spec?: ChartValues;
}

/**
 * Kubernetes' ServicePort. A name such as `http` or `grpc-web` tells Istio the protocol; without one Istio detects it.
 */
export interface ServicePort {
  /** Port of the Service. */
  port: number;
  /** Name of the port. */
  name?: string;
  /** Defaults to `port`. */
  targetPort?: number | string;
  /** 30000..32767 unless the cluster's range differs. */
  nodePort?: number;
  /** Defaults to TCP. */
  protocol?: 'TCP' | 'UDP' | 'SCTP';
  appProtocol?: string;
}

export interface ServiceAccountSettings {
  /** False if it exists already. Defaults to true. */
  install?: boolean;
  /** More labels. */
  labels?: Record<string, string>;
  /** More annotations. */
  annotations?: Record<string, string>;
}

/** Names of the sample apps. */
export const knownAppNames = [
  'bookinfo',
  'tutorial',
  'mall',
  'httpbin',
  'fortio',
  'hello',
  'userlist',
  'curltest',
  'octopus',
] as const;
export type KnownAppName = (typeof knownAppNames)[number];

export function isKnownApp(name: string): name is KnownAppName {
  return (knownAppNames as readonly string[]).includes(name);
}

/** A sample app as settings. `{hub}` and `{version}` in an image are replaced by the settings of that name. */
export interface KnownApp {
  /** Default of the app's `hub`. */
  hub?: string;
  /** Default of the app's `version`. Undefined when each image has its own version. */
  version?: string;
  workloads: Record<string, WorkloadSettings>;
  services?: Record<string, ServiceSettings>;
  serviceAccounts?: Record<string, ServiceAccountSettings>;
}
