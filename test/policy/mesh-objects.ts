import { defined, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { checkReport } from '../../policy/check';
import type { Finding, Level } from '../../policy/finding';
import type { CheckOptions, Rule } from '../../policy/rule';
import type { RuleHeader } from '../../policy/rules';

type Fields = Record<string, unknown>;

export function object(
  apiVersion: string,
  kind: string,
  name: string,
  spec: Fields,
  metadata: Fields = {},
): KubernetesObject {
  return { apiVersion, kind, metadata: { name, namespace: 'bookinfo', ...metadata }, spec };
}

export const virtualService = (name: string, spec: Fields, metadata?: Fields): KubernetesObject =>
  object('networking.istio.io/v1', 'VirtualService', name, spec, metadata);

export const destinationRule = (name: string, spec: Fields, metadata?: Fields): KubernetesObject =>
  object('networking.istio.io/v1', 'DestinationRule', name, spec, metadata);

export const gateway = (name: string, spec: Fields, metadata?: Fields): KubernetesObject =>
  object('networking.istio.io/v1', 'Gateway', name, spec, metadata);

export const serviceEntry = (name: string, spec: Fields, metadata?: Fields): KubernetesObject =>
  object('networking.istio.io/v1', 'ServiceEntry', name, spec, metadata);

export const sidecar = (name: string, spec: Fields, metadata?: Fields): KubernetesObject =>
  object('networking.istio.io/v1', 'Sidecar', name, spec, metadata);

export const peerAuthentication = (name: string, spec: Fields, metadata?: Fields): KubernetesObject =>
  object('security.istio.io/v1', 'PeerAuthentication', name, spec, metadata);

export const authorizationPolicy = (name: string, spec: Fields, metadata?: Fields): KubernetesObject =>
  object('security.istio.io/v1', 'AuthorizationPolicy', name, spec, metadata);

export const requestAuthentication = (name: string, spec: Fields, metadata?: Fields): KubernetesObject =>
  object('security.istio.io/v1', 'RequestAuthentication', name, spec, metadata);

export const telemetry = (name: string, spec: Fields, metadata?: Fields): KubernetesObject =>
  object('telemetry.istio.io/v1', 'Telemetry', name, spec, metadata);

export function namespace(name: string, labels: Record<string, string> = {}): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

/** A Service that selects `app: <name>`, with one HTTP port per number. */
export function service(name: string, ports: number[] = [9080], metadata?: Fields): KubernetesObject {
  const listed = ports.map((port) => ({ name: `http-${port}`, port, targetPort: port }));
  return object('v1', 'Service', name, { selector: { app: name }, ports: listed }, metadata);
}

/** A Deployment `<app>-<version>` whose pods carry both as labels. */
export function deployment(app: string, version: string, spec: Fields = {}, metadata?: Fields): KubernetesObject {
  const labels = { app, version };
  const template = { metadata: { labels }, spec: { containers: [{ name: app }] } };
  return object(
    'apps/v1',
    'Deployment',
    `${app}-${version}`,
    { selector: { matchLabels: labels }, template, ...spec },
    metadata,
  );
}

/** Subsets by name, each for pods with that `version`. */
export function subsets(...names: string[]): Fields[] {
  return names.map((name) => ({ name, labels: { version: name } }));
}

/** A destination for a route. */
export function to(host: string, subset?: string, weight?: number, port?: number): Fields {
  const destination = defined({ host, subset, port: port === undefined ? undefined : { number: port } });
  return defined({ destination, weight });
}

/** The findings of one rule on objects. */
export function judged(rule: Rule, objects: readonly KubernetesObject[], options: CheckOptions = {}): Finding[] {
  return checkReport(objects, options, { rules: [rule] }).findings;
}

/** A finding of a rule, with the rule's level and codes. `of` is `Kind namespace/name`. */
export function finding(rule: RuleHeader, of: string, path: string, message: string, level?: Level): Finding {
  const [kind = '', place = ''] = of.split(' ');
  const [namespaceName = '', name = ''] = place.split('/');
  return defined({
    rule: rule.id,
    level: level ?? rule.level,
    kind,
    namespace: namespaceName,
    name,
    path,
    message,
    istio: rule.istio?.join(', '),
    kiali: rule.kiali?.join(', '),
  });
}
