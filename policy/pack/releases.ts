import { asMap, asString, indexedMaps } from '../../mesh/json';
import { defaultGatewayPorts, gatewayLabel, gatewayServiceAccount } from '../../mesh/manifests/gateway-workload';
import type { CheckOptions, GatewayWorkload } from '../rule';
import { knownPart } from './kubernetes-resource';
import type { StackResource } from './resource';

/** What a Helm release installs. Pulumi shows a release as one opaque resource. */
export interface ReleaseFacts {
  istioVersion?: string;
  mesh?: CheckOptions['mesh'];
  revisions?: string[];
  gatewayWorkloads?: GatewayWorkload[];
}

interface HelmRelease {
  chart: string;
  name: string;
  namespace: string;
  version: string | undefined;
  values: Readonly<Record<string, unknown>>;
}

/** The facts that rules need about Istio's own charts among the Helm releases of a program. */
export function releaseFacts(resources: readonly StackResource[]): ReleaseFacts {
  const releases = resources.filter(({ type }) => type === 'kubernetes:helm.sh/v3:Release').map(helmRelease);
  const planes = releases.filter(({ chart }) => chart === 'istiod');
  const gateways = releases.filter(({ chart }) => chart === 'gateway');
  const [plane] = planes;
  return {
    ...(plane === undefined ? {} : planeFacts(plane)),
    ...(planes.length === 0
      ? {}
      : { revisions: planes.map(({ values }) => asString(values['revision']) || 'default') }),
    ...(gateways.length === 0 ? {} : { gatewayWorkloads: gateways.map(gatewayWorkload) }),
  };
}

function helmRelease({ name: logicalName, props }: StackResource): HelmRelease {
  const { chart, name, namespace, version, values } = knownPart(props).value;
  return {
    chart:
      (asString(chart) ?? '')
        .split('/')
        .at(-1)
        ?.replace(/-\d+\..*\.tgz$/, '') ?? '',
    name: asString(name) ?? logicalName,
    namespace: asString(namespace) ?? 'default',
    version: asString(version),
    values: asMap(values),
  };
}

function planeFacts({ namespace, version, values }: HelmRelease): ReleaseFacts {
  const meshConfig = asMap(values['meshConfig']);
  return {
    mesh: { rootNamespace: namespace, meshConfig },
    ...(version === undefined ? {} : { istioVersion: version }),
  };
}

/** The labels and ports of Istio's gateway chart, unless its values say otherwise. */
function gatewayWorkload({ name, namespace, values }: HelmRelease): GatewayWorkload {
  const own = Object.entries(asMap(values['labels'])).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const stated = indexedMaps(asMap(values['service'])['ports']).map(({ item }) => item);
  const ports = stated.flatMap(({ port, targetPort }) =>
    typeof port === 'number' ? [{ port, ...(typeof targetPort === 'number' ? { targetPort } : {}) }] : [],
  );
  return {
    namespace,
    labels: { app: name, istio: gatewayLabel(name), ...Object.fromEntries(own) },
    serviceAccount: gatewayServiceAccount(name, { values }),
    ports: stated.length > 0 ? ports : defaultGatewayPorts,
  };
}
