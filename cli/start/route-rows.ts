import type { HttpRoute, VirtualServiceSpec } from '../../components/manifests/istio';
import type { KubernetesObject } from '../../components/manifests/kubernetes';

type Destinations = { destination: { host: string; subset?: string }; weight?: number }[];

/** One row per rule of each VirtualService, read as Istio reads it: `namespace/name`, who is matched, where they go with what share. */
export function routeRows(objects: KubernetesObject[]): string[][] {
  return objects
    .filter(({ kind }) => kind === 'VirtualService')
    .flatMap(({ metadata, spec }) => {
      const { http = [], tcp = [], tls = [] } = (spec ?? {}) as VirtualServiceSpec;
      const route = `${metadata.namespace ?? ''}/${metadata.name}`;
      return [
        ...http.map((rule) => [route, whoText(rule), httpTarget(rule)]),
        ...[...tls, ...tcp].map((rule) => [
          route,
          rule.match === undefined ? 'every connection' : JSON.stringify(rule.match),
          sharesText((rule.route ?? []) as Destinations),
        ]),
      ];
    });
}

function httpTarget(rule: HttpRoute): string {
  if (rule.redirect !== undefined) return 'redirected';
  if (rule.directResponse !== undefined) return `answered ${rule.directResponse.status}`;
  if (rule.delegate !== undefined) return `as ${rule.delegate.namespace ?? ''}/${rule.delegate.name ?? ''} says`;
  return sharesText(rule.route ?? []);
}

/** Shares as Istio takes weights: relative to their sum; a single destination gets everything. */
function sharesText(destinations: Destinations): string {
  const only = destinations.length === 1;
  const sum = destinations.reduce((total, { weight }) => total + (weight ?? 0), 0);
  return destinations
    .map(({ destination, weight }) => {
      const share = only ? 100 : ((weight ?? 0) * 100) / sum;
      return `${destination.subset ?? destination.host} ${Number(share.toFixed(1))} %`;
    })
    .join(', ');
}

function whoText({ match = [] }: HttpRoute): string {
  if (match.length === 0) return 'everyone else';
  return match.map(oneMatch).join(' or ');
}

function oneMatch(match: NonNullable<HttpRoute['match']>[number]): string {
  const headers = Object.entries(match.headers ?? {}).map(([name, value]) => `${name} ${stringMatch(value)}`);
  const uri = match.uri === undefined ? [] : [`path ${stringMatch(match.uri)}`];
  const others = Object.keys(match).filter((key) => key !== 'headers' && key !== 'uri');
  return [...uri, ...headers, ...others].join(' and ');
}

function stringMatch(value: object): string {
  const entries: [string, unknown][] = Object.entries(value);
  const [kind, text] = entries[0] ?? ['present', ''];
  return kind === 'exact' ? String(text) : `${kind} ${String(text)}`;
}
