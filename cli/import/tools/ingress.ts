import { compareStrings } from '../../../mesh/collections';
import { objectTitle, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { asList, asMap, asName, asNumber, asStrings, type JsonMap } from '../../../mesh/json';
import type { Conversion, GatewayWorkload } from '../from-tools';
import { Carry, idOf, networkingObject, ofKind, pathMatches, portNumber } from './carry';

const classAnnotation = 'kubernetes.io/ingress.class';
const nginx = 'nginx.ingress.kubernetes.io/';

/** A path of an Ingress. */
interface Path {
  ingress: KubernetesObject;
  host: string;
  type: 'exact' | 'elements' | 'prefix';
  path: string;
  destination: JsonMap;
}

/** Converts Ingresses: a Gateway for each, and a VirtualService for each host, which several Ingresses of a namespace may share. */
export function fromIngress(objects: readonly KubernetesObject[], workload: GatewayWorkload): Conversion {
  const ingresses = ofKind(objects, 'networking.k8s.io', 'Ingress');
  const carries = new Map(ingresses.map((ingress) => [ingress, new Carry(ingress)]));
  const carryOf = (ingress: KubernetesObject): Carry => carries.get(ingress) ?? new Carry(ingress);
  const paths = ingresses.flatMap((ingress) => pathsOf(ingress, objects, carryOf(ingress)));
  const gateways = new Map(ingresses.map((ingress) => [ingress, gatewayOf(ingress, workload, carryOf(ingress))]));
  const hosts = new Map<string, Path[]>();
  for (const path of paths) hosts.set(path.host, [...(hosts.get(path.host) ?? []), path]);
  keepTogether(hosts, carryOf);
  const made: { from: KubernetesObject[]; object: KubernetesObject }[] = ingresses
    .filter((ingress) => carryOf(ingress).isWhole)
    .flatMap((ingress) => {
      const object = gateways.get(ingress);
      return object === undefined ? [] : [{ from: [ingress], object }];
    });
  for (const [host, list] of hosts) {
    const from = [...new Set(list.map(({ ingress }) => ingress))];
    const [first] = from;
    if (first === undefined || from.some((ingress) => !carryOf(ingress).isWhole)) continue;
    const isOnly =
      from.length === 1 && new Set(paths.filter((one) => one.ingress === first).map((one) => one.host)).size === 1;
    const name = isOnly
      ? first.metadata.name
      : `${first.metadata.name}-${host.replace('*', 'any').replaceAll('.', '-')}`;
    const spec = { hosts: [host], gateways: from.map((ingress) => ingress.metadata.name), http: rulesOf(list) };
    made.push({ from, object: networkingObject('VirtualService', first, name, spec) });
  }
  const gone = ingresses.filter((ingress) => carryOf(ingress).isWhole);
  return {
    gone,
    made: made.map(({ object }) => object),
    converted: gone.map((ingress) => ({
      from: objectTitle(ingress),
      to: made.filter(({ from }) => from.includes(ingress)).map(({ object }) => objectTitle(object)),
    })),
    notCarried: [...carries.values()].flatMap(({ notCarried }) => notCarried),
  };
}

function classOf({ metadata, spec }: KubernetesObject): string | undefined {
  return asName(asMap(spec)['ingressClassName']) ?? metadata.annotations?.[classAnnotation];
}

function pathsOf(ingress: KubernetesObject, objects: readonly KubernetesObject[], carry: Carry): Path[] {
  const spec = asMap(ingress.spec);
  carry.only('spec', spec, ['ingressClassName', 'defaultBackend', 'rules', 'tls']);
  for (const [key, value] of Object.entries(ingress.metadata.annotations ?? {})) {
    const isKnown = key === classAnnotation || redirects.includes(key);
    const isOfController = /ingress|traefik|haproxy|konghq|getambassador/.test(key.split('/')[0] ?? '');
    if (isOfController && !isKnown)
      carry.refuse(
        `metadata.annotations[${JSON.stringify(key)}]`,
        value,
        'Istio does not read this annotation of the ingress controller',
      );
  }
  const paths = asList(spec['rules']).flatMap((rule, index) => {
    const host = asName(asMap(rule)['host']) ?? '*';
    return asList(asMap(asMap(rule)['http'])['paths']).map((entry, position): Path => {
      const at = `spec.rules[${index}].http.paths[${position}]`;
      const { path = '/', backend } = asMap(entry);
      const destination = backendOf(asMap(backend), `${at}.backend`, ingress, objects, carry);
      return {
        ingress,
        host,
        ...pathOf(asMap(entry)['pathType'], String(path), at, classOf(ingress), carry),
        destination,
      };
    });
  });
  const { defaultBackend } = spec;
  if (defaultBackend === undefined) return paths;
  const destination = backendOf(asMap(defaultBackend), 'spec.defaultBackend', ingress, objects, carry);
  // It also gets the requests that no path of a host matches.
  const isOpen = (host: string): boolean =>
    !paths.some((one) => one.host === host && one.type !== 'exact' && one.path === '/');
  const hosts = [...new Set([...paths.map(({ host }) => host), '*'])].filter(isOpen);
  return [...paths, ...hosts.map((host): Path => ({ ingress, host, type: 'elements', path: '/', destination }))];
}

function pathOf(
  pathType: unknown,
  path: string,
  at: string,
  ingressClass: string | undefined,
  carry: Carry,
): Pick<Path, 'type' | 'path'> {
  if (pathType === 'Exact') return { type: 'exact', path };
  if (pathType === 'Prefix') return { type: 'elements', path };
  if (ingressClass === 'nginx') return { type: 'prefix', path };
  if (ingressClass === 'istio')
    return path.endsWith('*') ? { type: 'prefix', path: path.slice(0, -1) } : { type: 'exact', path };
  carry.refuse(
    `${at}.pathType`,
    pathType,
    `its meaning depends on the ingress controller${ingressClass === undefined ? ', and the Ingress names no class' : ''}: set Exact or Prefix`,
  );
  return { type: 'prefix', path };
}

function backendOf(
  backend: JsonMap,
  path: string,
  ingress: KubernetesObject,
  objects: readonly KubernetesObject[],
  carry: Carry,
): JsonMap {
  carry.only(path, backend, ['service'], 'only a Service can be a destination');
  const { name, port } = asMap(backend['service']);
  const { number, name: named } = asMap(port);
  const found = asNumber(number) ?? portNumber(objects, ingress.metadata.namespace, String(name), String(named));
  if (found === undefined && backend['service'] !== undefined)
    carry.refuse(
      `${path}.service.port`,
      port,
      'Istio needs the number of this port, and the Service is not among the objects',
    );
  return { host: name, port: { number: found } };
}

/** Annotations of ingress-nginx that redirect plain HTTP. */
const redirects = [`${nginx}ssl-redirect`, `${nginx}force-ssl-redirect`];

function gatewayOf(
  ingress: KubernetesObject,
  { selector, namespace }: GatewayWorkload,
  carry: Carry,
): KubernetesObject {
  const spec = asMap(ingress.spec);
  const annotations = ingress.metadata.annotations ?? {};
  const tls = asList(spec['tls']).map(asMap);
  if (tls.length > 0 && ingress.metadata.namespace !== namespace)
    carry.refuse(
      'spec.tls',
      spec['tls'],
      `Istio reads certificates from Secrets in the namespace of the gateway's pods, ${namespace}: copy the Secret, or write a Gateway by hand`,
    );
  const secured = new Set(tls.flatMap(({ hosts }) => asStrings(hosts)));
  // ingress-nginx redirects hosts with a certificate unless an annotation says otherwise.
  const redirectsSecured = classOf(ingress) === 'nginx' && annotations[`${nginx}ssl-redirect`] !== 'false';
  const redirectsAll = annotations[`${nginx}force-ssl-redirect`] === 'true';
  const hosts = [...new Set(asList(spec['rules']).map((rule) => asName(asMap(rule)['host']) ?? '*'))];
  const all = spec['defaultBackend'] === undefined || hosts.includes('*') ? hosts : [...hosts, '*'];
  const isRedirected = (host: string): boolean => redirectsAll || (redirectsSecured && secured.has(host));
  const plain = [
    { name: 'http', hosts: all.filter((host) => !isRedirected(host)) },
    { name: 'http-redirect', hosts: all.filter(isRedirected), tls: { httpsRedirect: true } },
  ].filter((server) => server.hosts.length > 0);
  const servers = [
    ...plain.map(({ name, hosts: list, tls: redirect }) => ({
      port: { number: 80, name, protocol: 'HTTP' },
      hosts: list,
      ...(redirect === undefined ? {} : { tls: redirect }),
    })),
    ...tls.map(({ hosts: list, secretName }, index) => ({
      port: { number: 443, name: `https-${index}`, protocol: 'HTTPS' },
      hosts: list === undefined ? ['*'] : asStrings(list),
      tls: { mode: 'SIMPLE', credentialName: secretName },
    })),
  ];
  return networkingObject('Gateway', ingress, ingress.metadata.name, { selector, servers });
}

const typeRank = { exact: 1, elements: 0, prefix: 0 };

/** Exact paths first, then longer before shorter ones, as ingress controllers try them. */
function rulesOf(paths: readonly Path[]): JsonMap[] {
  const sorted = [...paths].sort((a, b) => typeRank[b.type] - typeRank[a.type] || b.path.length - a.path.length);
  return sorted.map(({ type, path, destination }) => {
    const match = pathMatches(type, path);
    return {
      ...(match.some((one) => Object.keys(one).length === 0) ? {} : { match }),
      route: [{ destination }],
    };
  });
}

/** Ingresses that share a host are converted together, in one namespace, or not at all. */
function keepTogether(hosts: ReadonlyMap<string, Path[]>, carryOf: (ingress: KubernetesObject) => Carry): void {
  const shared = [...hosts].map(([host, list]) => ({
    host,
    ingresses: [...new Set(list.map(({ ingress }) => ingress))],
  }));
  for (const { host, ingresses } of shared) {
    const others = ingresses.filter(({ metadata }) => metadata.namespace !== ingresses[0]?.metadata.namespace);
    for (const ingress of others.length === 0 ? [] : ingresses) {
      const names = ingresses
        .filter((one) => one !== ingress)
        .map(idOf)
        .sort(compareStrings);
      carryOf(ingress).refuse(
        'spec.rules',
        host,
        `Ingresses in other namespaces have the same host: ${names.join(', ')}`,
      );
    }
  }
  for (let changed = true; changed;) {
    changed = false;
    for (const { ingresses } of shared) {
      const stays = ingresses.find((ingress) => !carryOf(ingress).isWhole);
      if (stays === undefined) continue;
      for (const ingress of ingresses.filter((one) => carryOf(one).isWhole)) {
        carryOf(ingress).refuse('', undefined, `is not converted, like ${objectTitle(stays)}, which has the same host`);
        changed = true;
      }
    }
  }
}
