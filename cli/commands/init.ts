import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Option, type Command } from 'commander';
import { isMap, isScalar, parseDocument, type Document } from 'yaml';
import { version } from '../../package.json';
import { projectRoot } from '../../runtime/project-root';
import { UserError } from '../errors';
import { say, shellWord } from '../output';

/** What the user chooses; each has a flag, a question and a default. */
interface Choices {
  name: string;
  context: string;
  stagingContext: string;
  productionContext: string;
  gateway: string;
  route: string;
  versions: string;
}

const gatewayTypes = ['LoadBalancer', 'NodePort', 'ClusterIP'];
const stacks = { dev: 'context', staging: 'stagingContext', production: 'productionContext' } as const;
const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** `meshwright init`: a new project from the folder `template/`, which is also a template for `pulumi new`. */
export function registerInit(program: Command): void {
  program
    .command('init')
    .description('write a new project with three stacks; asks for what the flags leave open')
    .argument('[folder]', 'folder of the project: a new or empty one', '.')
    .option('--name <name>', 'name of the Pulumi project (default: that of the folder)')
    .option('--context <context>', 'context of your kubeconfig for the stack dev (default: "dev")')
    .option('--staging-context <context>', 'context for the stack staging (default: "staging")')
    .option('--production-context <context>', 'context for the stack production (default: "production")')
    .addOption(
      new Option('--gateway <type>', 'type of the gateway\'s Service (default: "LoadBalancer")').choices(gatewayTypes),
    )
    .option('--route <namespace/service>', 'Service that the first route is for (default: "shop/web")')
    .option('--versions <names>', 'versions of that service, by their label version (default: "v1,v2")')
    .action((folder: string, flags: Partial<Choices>) => init(resolve(folder), folder, flags));
}

async function init(folder: string, shown: string, flags: Partial<Choices>): Promise<void> {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new UserError(`${shown} is not empty; name a new or an empty folder. Nothing was written.`);
  const choices = await chosen(flags, basename(folder));
  const [namespace = '', service = ''] = choices.route.split('/');
  refuseInvalid(choices);
  mkdirSync(folder, { recursive: true });
  cpSync(join(projectRoot, 'template'), folder, { recursive: true });
  // npm does not pack files of this name.
  if (existsSync(join(folder, 'gitignore'))) renameSync(join(folder, 'gitignore'), join(folder, '.gitignore'));
  const rewrite = (file: string, change: (text: string) => string): void =>
    writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')));
  rewrite('Pulumi.yaml', (text) => {
    const document = parseDocument(text);
    document.set('name', choices.name);
    document.set('description', 'An Istio mesh');
    document.delete('template');
    return String(document);
  });
  rewrite('package.json', (text) => text.replace('"name": "mesh"', `"name": "${choices.name.toLowerCase()}"`));
  rewrite('README.md', (text) => text.replace('routes.shop.web', `routes.${namespace}.${service}`));
  for (const [stack, context] of Object.entries(stacks)) {
    rewrite(`Pulumi.${stack}.yaml`, (text) => stackFile(text, { ...choices, context: choices[context] }));
  }
  process.stdout.write(`${readdirSync(folder).sort().join('\n')}\n`);
  const steps = [...installing(resolve(shown)), 'npm run check'];
  say(`\nNext: ${steps.join(' && ')}`);
}

/** Commands that install the packages of a new project. A checkout packs itself, since it need not be published. */
function installing(folder: string): string[] {
  const enter = `cd ${shellWord(folder)}`;
  if (!existsSync(join(projectRoot, 'tools', 'package.ts'))) return [enter, 'npm install'];
  const archive = join(projectRoot, 'dist', `meshwright-${version}.tgz`);
  return [`npm --prefix ${shellWord(projectRoot)} run package`, enter, `npm install ${shellWord(archive)}`];
}

async function chosen(flags: Partial<Choices>, folder: string): Promise<Choices> {
  const defaults: Choices = {
    name: folder,
    context: 'dev',
    stagingContext: 'staging',
    productionContext: 'production',
    gateway: 'LoadBalancer',
    route: 'shop/web',
    versions: 'v1,v2',
  };
  if (!process.stdin.isTTY) return { ...defaults, ...flags };
  const questions: [keyof Choices, string][] = [
    ['context', 'Context of your kubeconfig for dev'],
    ['gateway', `Type of the gateway's Service (${gatewayTypes.join(', ')})`],
    ['route', 'First route, as namespace/service'],
    ['versions', 'Versions of that service'],
  ];
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answers: Partial<Choices> = { ...flags };
  try {
    for (const [key, question] of questions) {
      if (answers[key] !== undefined) continue;
      const answer = (await terminal.question(`${question} [${defaults[key]}]: `)).trim();
      if (answer !== '') answers[key] = answer;
    }
  } finally {
    terminal.close();
  }
  return { ...defaults, ...answers };
}

/** @throws UserError naming every choice that is not valid. */
function refuseInvalid({ name, gateway, route, versions }: Choices): void {
  const problems = [
    /^[A-Za-z0-9_.-]{1,100}$/.test(name)
      ? []
      : `--name ${name}: a project has 1 to 100 letters, digits, "_", "." and "-"`,
    gatewayTypes.includes(gateway) ? [] : `--gateway ${gateway}: one of ${gatewayTypes.join(', ')}`,
    route.split('/').length === 2 && route.split('/').every((part) => dnsLabel.test(part))
      ? []
      : `--route ${route}: namespace/service, e.g. shop/web`,
    new Set(versions.split(',')).size === versions.split(',').length &&
    versions.split(',').every((version) => dnsLabel.test(version))
      ? []
      : `--versions ${versions}: different names, separated by commas, e.g. v1,v2`,
  ].flat();
  if (problems.length > 0) throw new UserError([...problems, 'Nothing was written.'].join('\n'));
}

/** A stack file of the template with the user's choices. Comments stay. */
function stackFile(text: string, { context, gateway, route, versions }: Choices): string {
  const document = parseDocument(text);
  const [namespace = '', service = ''] = route.split('/');
  const [first = '', second, ...others] = versions.split(',');
  const routes = ['config', 'meshwright:routes'];
  const share = document.getIn([...routes, 'shop', 'web', 'weights', 'v2']);
  document.setIn(['config', 'kubernetes:context'], context);
  document.setIn(['config', 'meshwright:gateways', 'istio-ingressgateway', 'service', 'type'], gateway);
  const weights =
    second === undefined
      ? { [first]: 100 }
      : { [first]: 'rest', [second]: share, ...Object.fromEntries(others.map((version) => [version, 0])) };
  document.setIn([...routes, 'shop', 'web', 'versions'], document.createNode(versions.split(','), { flow: true }));
  document.setIn([...routes, 'shop', 'web', 'weights'], document.createNode(weights, { flow: true }));
  document.setIn([...routes, 'shop', 'web', 'gateways'], document.createNode([`${namespace}-gateway`], { flow: true }));
  rename(document, [...routes, 'shop'], 'web', service);
  rename(document, routes, 'shop', namespace);
  rename(document, ['config', 'meshwright:namespaces'], 'shop', namespace);
  const gateways = ['config', 'meshwright:gateways', 'istio-ingressgateway', 'gateways'];
  rename(document, [...gateways, 'shop'], 'shop-gateway', `${namespace}-gateway`);
  rename(document, gateways, 'shop', namespace);
  return document.toString({ lineWidth: 0 });
}

function rename(document: Document, path: string[], from: string, to: string): void {
  const map = document.getIn(path);
  if (!isMap(map)) throw new Error(`the template has no ${path.join('.')}`);
  const pair = map.items.find(({ key }) => isScalar(key) && key.value === from);
  if (pair === undefined) throw new Error(`the template has no ${[...path, from].join('.')}`);
  if (isScalar(pair.key)) pair.key.value = to;
}
