import { dnsSubdomain, labelKey } from '../../mesh/manifests/formats';
import { isLabel, keyRule, labelProblems, labelRule, mapProblems, subdomainRule } from './kubernetes-metadata';
import { error, shown, when, type FieldPlace, type SchemaProblem } from './place';

/** What the API server refuses beyond the types of fields, in Kubernetes' own kinds: values that contradict each other. */
export function fieldProblems(object: FieldPlace): SchemaProblem[] {
  const kind = object.at('kind').text;
  const spec = object.at('spec');
  switch (kind) {
    case 'Service':
      return serviceProblems(spec);
    case 'Secret':
      return [...dataProblems(object), ...secretTypeProblems(object)];
    case 'ConfigMap':
      return dataProblems(object);
    case 'Pod':
      return podProblems(spec);
    case 'CronJob':
      return podTemplateProblems(spec.at('jobTemplate', 'spec', 'template'));
    case 'Job':
    case 'PodTemplate':
      return podTemplateProblems(kind === 'Job' ? spec.at('template') : object.at('template'));
    case 'Deployment':
    case 'StatefulSet':
    case 'DaemonSet':
    case 'ReplicaSet':
      return [...selectorProblems(spec), ...rolloutProblems(spec), ...podTemplateProblems(spec.at('template'))];
    case 'HorizontalPodAutoscaler':
      return when(Number(spec.at('minReplicas').value ?? 1) > Number(spec.at('maxReplicas').value), () =>
        error(spec.at('maxReplicas'), 'must be at least minReplicas'),
      );
    case 'NetworkPolicy':
      return [...peers(spec, 'ingress', 'from'), ...peers(spec, 'egress', 'to')].flatMap((peer) =>
        when(peer.size === 0, () => error(peer, 'must name ipBlock, namespaceSelector or podSelector')),
      );
    default:
      return [];
  }
}

function peers(spec: FieldPlace, rules: string, field: string): FieldPlace[] {
  return spec.at(rules).items.flatMap((rule) => rule.at(field).items);
}

/** Numbers of pods in a rolling update. */
function rolloutProblems(spec: FieldPlace): SchemaProblem[] {
  const rolling = [spec.at('strategy', 'rollingUpdate'), spec.at('updateStrategy', 'rollingUpdate')];
  const amounts = rolling.flatMap((one) => [one.at('maxSurge'), one.at('maxUnavailable')]);
  return amounts.flatMap((amount) =>
    when(typeof amount.value === 'string' && !/^\d+%$/.test(amount.text), () =>
      error(amount, `${shown(amount)} is not a number of pods: a whole number, or a percentage such as 25%`),
    ),
  );
}

function serviceProblems(spec: FieldPlace): SchemaProblem[] {
  const ports = spec.at('ports').items;
  const isHeadless = spec.at('clusterIP').value === 'None' || spec.at('type').value === 'ExternalName';
  return [
    ...labelProblems(spec.at('selector')),
    ...when(ports.length === 0 && !isHeadless, () => error(spec, 'a Service needs ports')),
    ...ports.flatMap((port, index) => servicePortProblems(port, ports.slice(0, index), ports.length)),
  ];
}

function servicePortProblems(port: FieldPlace, before: FieldPlace[], count: number): SchemaProblem[] {
  const [name, appProtocol, targetPort] = [port.at('name'), port.at('appProtocol'), port.at('targetPort')];
  const key = (one: FieldPlace): string => `${one.at('port').number}/${one.at('protocol').text || 'TCP'}`;
  return [
    ...when(count > 1 && name.text === '', () => error(port, 'a Service of several ports needs a name for each')),
    ...when(name.text !== '' && !isLabel(name.text), () =>
      error(name, `${shown(name)} is not a valid name of a port: ${labelRule}`),
    ),
    ...when(name.text !== '' && before.some((one) => one.at('name').text === name.text), () =>
      error(name, `another port has the name ${shown(name)}`),
    ),
    ...when(
      before.some((one) => key(one) === key(port)),
      () => error(port, `another port is ${key(port)}`),
    ),
    ...portProblems(port.at('port')),
    ...portProblems(port.at('nodePort')),
    ...(typeof targetPort.value === 'string' ? portNameProblems(targetPort) : portProblems(targetPort)),
    ...when(appProtocol.text !== '' && !labelKey.test(appProtocol.text), () =>
      error(appProtocol, `${shown(appProtocol)} is not a protocol name: ${keyRule}`),
    ),
  ];
}

function portProblems(port: FieldPlace): SchemaProblem[] {
  const isPort = typeof port.value !== 'number' || (port.value >= 1 && port.value <= 65535);
  return when(!isPort, () => error(port, `${shown(port)} is not a port: 1 to 65535`));
}

/** Name of a container's port (RFC 6335). */
function portNameProblems(name: FieldPlace): SchemaProblem[] {
  const isName = /^(?=.*[a-z])[a-z0-9](?:-?[a-z0-9])*$/.test(name.text) && name.text.length <= 15;
  return when(name.value !== undefined && typeof name.value === 'string' && !isName, () =>
    error(
      name,
      `${shown(name)} is not a valid name of a port: lower-case letters, digits and single "-", at most 15 characters`,
    ),
  );
}

function dataProblems(object: FieldPlace): SchemaProblem[] {
  const keys = ['data', 'stringData', 'binaryData'].flatMap((field) => object.at(field).entries);
  return keys.flatMap(({ key, place }) =>
    when(!/^(?!\.{1,2}$)(?!\.\.)[-._a-zA-Z0-9]{1,253}$/.test(key), () =>
      error(place, `"${key}" is not a valid key of a ${object.at('kind').text}: letters, digits, "-", "_" and "."`),
    ),
  );
}

/** Keys that a Secret must hold, by its type. */
const secretKeys: Record<string, string[]> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
};

function secretTypeProblems(secret: FieldPlace): SchemaProblem[] {
  const required = secretKeys[secret.at('type').text] ?? [];
  const missing = required.filter((key) => !secret.at('data', key).isSet && !secret.at('stringData', key).isSet);
  return missing.map((key) => error(secret, `a Secret of type ${secret.at('type').text} needs the key ${key}`));
}

function selectorProblems(spec: FieldPlace): SchemaProblem[] {
  const labels = spec.at('selector', 'matchLabels');
  const template = spec.at('template', 'metadata', 'labels');
  const missing = labels.entries.filter(({ key, place }) => template.at(key).value !== place.value);
  const isEmpty = labels.size + spec.at('selector', 'matchExpressions').size === 0;
  return [
    ...when(isEmpty && spec.at('selector').isSet, () => error(spec.at('selector'), 'must name at least one label')),
    ...missing.map(({ key, place }) => error(place, `the pod template needs the label ${key}: ${place.text} too`)),
  ];
}

function podTemplateProblems(template: FieldPlace): SchemaProblem[] {
  return template.isSet ? [...mapProblems(template.at('metadata')), ...podProblems(template.at('spec'))] : [];
}

function podProblems(spec: FieldPlace): SchemaProblem[] {
  const containers = [...spec.at('initContainers').items, ...spec.at('containers').items];
  const volumes = spec.at('volumes').items;
  const serviceAccount = spec.at('serviceAccountName');
  return [
    ...when(spec.isSet && spec.at('containers').size === 0, () => error(spec, 'a pod needs containers')),
    ...uniqueLabels(containers.map((container) => container.at('name'))),
    ...uniqueLabels(volumes.map((volume) => volume.at('name'))),
    ...labelProblems(spec.at('nodeSelector')),
    ...spec.at('tolerations').items.flatMap((one) => tolerationProblems(one.at('key'))),
    ...volumes.flatMap((volume) =>
      when(volume.entries.filter(({ key, place }) => key !== 'name' && place.isSet).length > 1, () =>
        error(volume, 'has several types; a volume has one'),
      ),
    ),
    ...when(serviceAccount.text !== '' && !dnsSubdomain.test(serviceAccount.text), () =>
      error(serviceAccount, `${shown(serviceAccount)} is not a valid name of a ServiceAccount: ${subdomainRule}`),
    ),
    ...containers.flatMap((container) =>
      containerProblems(
        container,
        volumes.map((volume) => volume.at('name').text),
      ),
    ),
  ];
}

function tolerationProblems(key: FieldPlace): SchemaProblem[] {
  return when(key.text !== '' && !labelKey.test(key.text), () =>
    error(key, `${shown(key)} is not a valid key of a taint: ${keyRule}`),
  );
}

function uniqueLabels(names: FieldPlace[]): SchemaProblem[] {
  return names.flatMap((name, index) => [
    ...when(typeof name.value === 'string' && !isLabel(name.text), () =>
      error(name, `${shown(name)} is not a valid name: ${labelRule}`),
    ),
    ...when(name.text !== '' && names.slice(0, index).some(({ text }) => text === name.text), () =>
      error(name, `${shown(name)} is listed twice`),
    ),
  ]);
}

function containerProblems(container: FieldPlace, volumes: string[]): SchemaProblem[] {
  const ports = container.at('ports').items;
  const mounts = container.at('volumeMounts').items;
  return [
    ...when(container.at('image').text.trim() !== container.at('image').text, () =>
      error(container.at('image'), 'must not start or end with a blank'),
    ),
    ...container.at('env').items.flatMap(envProblems),
    ...ports.flatMap((port) => [...portProblems(port.at('containerPort')), ...portNameProblems(port.at('name'))]),
    ...repeated(
      ports.map((port) => port.at('name')),
      ({ text }) => text,
    ),
    ...mounts.flatMap((mount) =>
      when(!volumes.includes(mount.at('name').text) && mount.at('name').isSet && !isClaimed(container), () =>
        error(mount.at('name'), `the pod has no volume ${shown(mount.at('name'))}`),
      ),
    ),
    ...repeated(
      mounts.map((mount) => mount.at('mountPath')),
      ({ text }) => text,
    ),
    ...resourceProblems(container.at('resources')),
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((probe) => probeProblems(container.at(probe))),
  ];
}

/** The volumes of a StatefulSet come from its claims too. */
function isClaimed(container: FieldPlace): boolean {
  return container.root.at('spec', 'volumeClaimTemplates').size > 0;
}

function repeated(places: FieldPlace[], key: (place: FieldPlace) => string): SchemaProblem[] {
  return places.flatMap((place, index) =>
    when(key(place) !== '' && places.slice(0, index).some((other) => key(other) === key(place)), () =>
      error(place, `${shown(place)} is listed twice`),
    ),
  );
}

function envProblems(env: FieldPlace): SchemaProblem[] {
  const name = env.at('name');
  return [
    ...when(typeof name.value === 'string' && !/^[ -<>-~]+$/.test(name.text), () =>
      error(name, `${shown(name)} is not a valid name of an environment variable: printable ASCII without "="`),
    ),
    ...when(env.at('value').text !== '' && env.at('valueFrom').isSet, () =>
      error(env, 'takes value or valueFrom, not both'),
    ),
  ];
}

const standardResources = /^(?:cpu|memory|ephemeral-storage|hugepages-.+)$/;

function resourceProblems(resources: FieldPlace): SchemaProblem[] {
  return ['requests', 'limits'].flatMap((field) =>
    resources
      .at(field)
      .entries.flatMap(({ key, place }) => [
        ...when(!standardResources.test(key) && !(key.includes('/') && labelKey.test(key)), () =>
          error(
            place,
            `"${key}" is not a resource name: cpu, memory, ephemeral-storage, hugepages-… or a name with a domain`,
          ),
        ),
        ...when(/^-/.test(String(place.value)), () => error(place, 'must not be negative')),
      ]),
  );
}

const handlers = ['exec', 'grpc', 'httpGet', 'tcpSocket'];

function probeProblems(probe: FieldPlace): SchemaProblem[] {
  if (!probe.isSet) return [];
  const given = handlers.filter((handler) => probe.at(handler).isSet);
  return when(given.length !== 1, () => error(probe, `needs exactly one of ${handlers.join(', ')}`));
}
