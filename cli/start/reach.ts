import type { StackSettings } from '../../mesh/manifests/settings';
import type { LabNodePort } from '../traffic/lab-node';

/** A path that a gateway's route takes: of the first match that names one, else `/`. */
function firstPath(settings: StackSettings): string {
  const routes = Object.values(settings.routes ?? {}).flatMap((services) => Object.values(services));
  const matches = routes
    .filter(({ gateways = [] }) => gateways.some((gateway) => gateway !== 'mesh'))
    .flatMap(({ http = [] }) => http.flatMap(({ match = [] }) => match));
  const paths = matches.flatMap(({ uri }) => {
    const path = uri?.exact ?? uri?.prefix;
    return path === undefined ? [] : [path];
  });
  return paths[0] ?? '/';
}

/** The first host that a gateway's route asks for; undefined when any host will do. */
function firstHost(settings: StackSettings): string | undefined {
  const routes = Object.values(settings.routes ?? {}).flatMap((services) => Object.values(services));
  const outside = routes.filter(({ gateways = [] }) => gateways.some((gateway) => gateway !== 'mesh'));
  const hosts = outside.flatMap(({ hosts: asked = [] }) => asked);
  return hosts.some((host) => host.includes('*')) ? undefined : hosts[0];
}

/** Where each gateway of a stack answers on this machine, one line each: a URL, or a curl command for a route that asks for a host. */
export function gatewayLines(settings: StackSettings, nodePorts: readonly LabNodePort[]): string[] {
  const [path, host] = [firstPath(settings), firstHost(settings)];
  return Object.keys(settings.gateways ?? {}).flatMap((gateway) => {
    const found = nodePorts.find(({ service, port }) => service === gateway && port === 80);
    if (found === undefined) return [];
    const url = `http://${found.address}${path}`;
    const other = found.address.endsWith(`:${found.nodePort}`)
      ? ''
      : ` (a program of this machine has ${found.nodePort})`;
    return [`${gateway}  ${host === undefined ? url : `curl -H 'Host: ${host}' ${url}`}${other}`];
  });
}
