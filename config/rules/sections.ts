import { addonNames } from '../../mesh/manifests/addons/catalog';
import { addonProblems } from '../../mesh/manifests/addons/problems';
import { didYouMean, type KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';
import { knownAppNames } from '../../mesh/manifests/apps/settings';
import { appProblems } from '../../mesh/manifests/apps/problems';
import { defined } from '../../mesh/manifests/kubernetes';
import { defaultIstioVersion } from '../../mesh/manifests/istio';
import type { ChartSource } from '../../mesh/manifests/release';
import { configNamespace, type Key } from '../key-path';

const reads = [['addons', '**'], ['gateways', '*'], ['istio']];

/** Addons whose settings fit together. */
export function addonRules(stack: StackFile): KeyProblem[] {
  return addonProblems(stack).map(({ path, message }) => ({ keys: ['addons', ...path], message, reads }));
}

/** Apps that Kubernetes accepts. */
export function appRules({ apps = {} }: StackFile): KeyProblem[] {
  return Object.entries(apps).flatMap(([name, app]) =>
    appProblems(name, app).map(({ path, message }) =>
      defined({
        keys: ['apps', name, ...path],
        message,
        // The only problem of an app as a whole is a key that names no sample app.
        hint: path.length === 0 ? didYouMean(name, knownAppNames) : undefined,
        reads: [['apps', name, '**']],
      }),
    ),
  );
}

const sources = ['repository', 'oci', 'path'] as const;

/** Charts come from one place, and Istio's version was released. */
export function chartRules({ istio, addons }: StackFile): KeyProblem[] {
  return [
    ...severalSources(istio?.charts, ['istio', 'charts']),
    ...severalSources(addons?.charts, ['addons', 'charts']),
    ...(istio?.version === undefined || hasOwnCharts(istio.charts) ? [] : versionProblems(istio.version)),
  ];
}

/** Charts from another source may have other versions. */
function hasOwnCharts({ repository, oci, path, files }: ChartSource = {}): boolean {
  return [repository, oci, path, files].some((source) => source !== undefined);
}

/** The last patch release of Istio's older minor releases; the first is 1.0. Newer ones still get patches. */
const lastPatches = [9, 17, 10, 8, 10, 10, 14, 8, 6, 9, 6, 8, 9, 9, 6, 7, 7, 8, 7, 10, 8, 6, 8, 6, 6];
/** The newest minor release that is known. */
const newestMinor = 32;
/** Minor and patch releases that may appear while this version of Meshwright is in use. */
const [minorsToCome, mostPatches] = [8, 20];

function versionProblems(version: string): KeyProblem[] {
  const keys = ['istio', 'version'];
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)(?:-(?:alpha|beta|rc)\.\d+)?$/.exec(version)?.map(Number) ?? [];
  if (major === undefined || minor === undefined || patch === undefined)
    return [{ keys, message: `must be a version of Istio, such as ${defaultIstioVersion}` }];
  const last = lastPatches[minor] ?? mostPatches;
  if (major === 1 && minor <= newestMinor + minorsToCome && patch <= last) return [];
  const known = `1.0 to 1.${newestMinor}`;
  const patches = major === 1 && minor < lastPatches.length ? `; the last of 1.${minor} is 1.${minor}.${last}` : '';
  return [{ keys, message: `Istio has no release ${version}; minor releases are ${known}${patches}` }];
}

/** A List would be deployed as one object, and its items would not be checked. */
export function listRules({ objects = [] }: StackFile): KeyProblem[] {
  return objects.flatMap(({ kind, items }, index) =>
    kind.endsWith('List') && Array.isArray(items)
      ? [{ keys: ['objects', index], message: `${kind} holds objects: list each of them under meshwright:objects` }]
      : [],
  );
}

function severalSources(charts: ChartSource | undefined, keys: Key[]): KeyProblem[] {
  const given = sources.filter((source) => charts?.[source] !== undefined);
  return given.length < 2 ? [] : [{ keys, message: `charts come from one place: keep one of ${given.join(', ')}` }];
}

const lowestNodePort = 30000;
const highestNodePort = 32767;

/** Node ports outside the default range of clusters. */
export function nodePortRangeAdvice(stack: StackFile): KeyProblem[] {
  return nodePorts(stack)
    .filter(([, port]) => port < lowestNodePort || port > highestNodePort)
    .map(([keys]) => ({
      keys,
      message: `by default clusters accept node ports from ${lowestNodePort} to ${highestNodePort}; --service-node-port-range of the API server sets another range`,
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

/** Linux's limit for one environment variable, in bytes. */
const longestVariable = 128 * 1024;

/** Pulumi passes the configuration of a stack to programs and policy packs in an environment variable. */
export function configSizeAdvice(stack: StackFile): KeyProblem[] {
  const values = Object.entries(stack).map(([key, value]) => [
    `${configNamespace}:config:${key}`,
    JSON.stringify(value),
  ]);
  const size = Buffer.byteLength(`PULUMI_CONFIG=${JSON.stringify(Object.fromEntries(values))}`);
  if (size < longestVariable) return [];
  const message = `the configuration is ${Math.ceil(size / 1024)} KiB long. Pulumi passes it in an environment variable, which on Linux is at most ${longestVariable / 1024} KiB long, so pulumi up fails there with "argument list too long"; move a part to other stacks, as import --split-by namespace does, or apply the output of render`;
  return [{ keys: [], message }];
}
