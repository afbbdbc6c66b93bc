import { imageProblem, ingressHostProblem, portProblem, type SettingsProblem } from '../formats';
import type { StackSettings } from '../settings';
import { installedAddons } from './addons';
import { type AddonName, tracingBackend } from './catalog';
import { defaultGateway } from './exposure';
import type { AddonGatewaySettings, AddonIngressSettings, AddonServiceSettings, AddonsSettings } from './settings';

/** Problems of the telemetry addons' settings, by path below `addons`. */
export function addonProblems(settings: StackSettings): SettingsProblem[] {
  const { addons = {}, gateways = {} } = settings;
  return [
    ...installedAddons(addons).flatMap((name) => [
      ...imageProblems(name, addons),
      ...serviceProblems(addons[name]?.service).map((problem) => below([name, 'service'], problem)),
      ...ingressProblems(addons[name]?.ingress).map((problem) => below([name, 'ingress'], problem)),
      ...gatewayProblems(addons[name]?.gateway, Object.keys(gateways)).map((problem) =>
        below([name, 'gateway'], problem),
      ),
    ]),
    ...passwordProblems(addons),
    ...tracingProblems(settings),
  ];
}

function imageProblems(name: AddonName, addons: AddonsSettings): SettingsProblem[] {
  const image = addons[name]?.image;
  if (image === undefined) return [];
  const message = imageProblem(image) ?? digestProblem(name, image);
  return message === undefined ? [] : [{ path: [name, 'image'], message }];
}

function digestProblem(name: AddonName, image: string): string | undefined {
  return name === 'zipkin' && image.includes('@')
    ? "zipkin's chart takes an image with a tag only, not with a digest"
    : undefined;
}

function serviceProblems({ type, nodePort }: AddonServiceSettings = {}): SettingsProblem[] {
  if (nodePort === undefined) return [];
  const message = portProblem(nodePort) ?? (type === 'NodePort' ? undefined : 'a nodePort needs `type: NodePort`');
  return message === undefined ? [] : [{ path: ['nodePort'], message }];
}

function ingressProblems(ingress: AddonIngressSettings | undefined): SettingsProblem[] {
  const message = ingress === undefined ? undefined : ingressHostProblem(ingress.host);
  return message === undefined ? [] : [{ path: ['host'], message }];
}

function gatewayProblems(settings: AddonGatewaySettings | undefined, gateways: string[]): SettingsProblem[] {
  if (settings === undefined) return [];
  const { gateway = defaultGateway, credentialName, insecure } = settings;
  const problems: SettingsProblem[] = [];
  if (!gateways.includes(gateway)) {
    const known = gateways.length === 0 ? 'the stack has none' : `the stack has ${gateways.join(', ')}`;
    problems.push({
      path: settings.gateway === undefined ? [] : ['gateway'],
      message: `no gateway "${gateway}"; ${known}`,
    });
  }
  if (credentialName === undefined && insecure !== true) {
    problems.push({ path: [], message: 'needs `credentialName` for TLS, or `insecure: true` for plain HTTP' });
  }
  if (credentialName !== undefined && insecure === true) {
    problems.push({ path: ['insecure'], message: 'cannot be used together with `credentialName`' });
  }
  return problems;
}

function passwordProblems({ grafana }: AddonsSettings): SettingsProblem[] {
  if (grafana?.password === undefined || grafana.passwordSecret === undefined) return [];
  return [{ path: ['grafana', 'passwordSecret'], message: 'cannot be used together with `password`' }];
}

function tracingProblems({ istio, addons = {} }: StackSettings): SettingsProblem[] {
  const { tracing } = addons;
  const backend = tracingBackend(addons);
  const problems: SettingsProblem[] = [];
  if (tracing !== undefined && backend === undefined) {
    problems.push({ path: ['tracing'], message: 'has no effect unless `jaeger` or `zipkin` is enabled' });
  }
  if (tracing?.backend !== undefined && backend !== undefined && backend !== tracing.backend) {
    problems.push({ path: ['tracing', 'backend'], message: `the addon "${tracing.backend}" is not enabled` });
  }
  if (tracing?.sampling !== undefined && !(tracing.sampling >= 0 && tracing.sampling <= 100)) {
    problems.push({ path: ['tracing', 'sampling'], message: 'sampling must be a percentage from 0 to 100' });
  }
  if (backend !== undefined && istio === undefined && tracing?.provider === undefined) {
    const message = `"${backend}" gets no spans: without \`istio\` the stack cannot register it as an extension provider; name one of the mesh in \`tracing.provider\``;
    problems.push({ path: [backend], message });
  }
  return problems;
}

function below(path: SettingsProblem['path'], problem: SettingsProblem): SettingsProblem {
  return { ...problem, path: [...path, ...problem.path] };
}
