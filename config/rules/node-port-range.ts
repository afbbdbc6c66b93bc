import { addonNames } from '../../mesh/manifests/addons/catalog';
import type { Key } from '../key-path';
import type { KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';

const lowest = 30000;
const highest = 32767;

/** Node ports outside the default range of clusters. */
export function nodePortRangeAdvice(stack: StackFile): KeyProblem[] {
  return nodePorts(stack)
    .filter(([, port]) => port < lowest || port > highest)
    .map(([keys]) => ({
      keys,
      message: `by default clusters accept node ports from ${lowest} to ${highest}; --service-node-port-range of the API server sets another range`,
    }));
}

/** Every node port that the stack file fixes, by its keys. */
function nodePorts({ gateways = {}, addons = {}, apps = {} }: StackFile): [Key[], number][] {
  const ofGateways = Object.entries(gateways).flatMap(([name, { service }]) =>
    Object.entries(service?.nodePorts ?? {}).map(([key, port]): [Key[], number] => [
      ['gateways', name, 'service', 'nodePorts', key],
      port,
    ]),
  );
  const ofAddons = addonNames.flatMap((name): [Key[], number][] => {
    const port = addons[name]?.service?.nodePort;
    return port === undefined ? [] : [[['addons', name, 'service', 'nodePort'], port]];
  });
  const ofApps = Object.entries(apps).flatMap(([app, { services = {} }]) =>
    Object.entries(services).flatMap(([service, { ports = [] }]) =>
      ports.flatMap(({ nodePort }, index): [Key[], number][] =>
        nodePort === undefined ? [] : [[['apps', app, 'services', service, 'ports', index, 'nodePort'], nodePort]],
      ),
    ),
  );
  return [...ofGateways, ...ofAddons, ...ofApps];
}
