import { existsSync, readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { join } from 'node:path';
import type { CustomResourceOptions, ResourceTransform } from '@pulumi/pulumi';
import type { ProjectSettings } from '@pulumi/pulumi/automation';
import { parse } from 'yaml';
import type * as Loader from '../../runtime/load';
import { projectRoot, userRoot } from '../../runtime/project-root';

/** A gRPC client of the engine. */
export interface Connection {
  close(): void;
}

/**
 * This project's program, as the Automation API runs it in this process. It is loaded again for each preview and update.
 * @param connections - gets the SDK's connections to the engine: after an inline program, the SDK leaves them open
 * @param code - an earlier bundle of the program, see {@link programCode}. Defaults to the program as it is now
 */
export function inlineProgram(connections: Connection[], code?: string): Record<string, unknown> {
  // Modules are loaded at run time, so that the bundler does not make the program part of the command, and by a loader
  // of its own, since a loader keeps everything that it has loaded in memory.
  const load = createRequire(join(projectRoot, 'cli', 'main.js'));
  const pulumi = load('@pulumi/pulumi') as typeof import('@pulumi/pulumi');
  const { getEngine, getMonitor, registerResourceTransform } = pulumi.runtime;
  // Their declared types do not say that they are clients of gRPC.
  const clients = [getEngine(), getMonitor()] as unknown[] as (Connection | undefined)[];
  connections.push(...clients.filter((client) => client !== undefined));
  registerResourceTransform(skipAwait);
  const started = process.cwd();
  // Paths in a stack file are relative to the project, as with Pulumi's command.
  process.chdir(userRoot);
  try {
    if (code !== undefined) return runCode(code);
    const file = join(projectRoot, 'program.js');
    Reflect.deleteProperty(load.cache, file);
    return load(file) as Record<string, unknown>;
  } finally {
    process.chdir(started);
  }
}

/** This project's program in one file, to run it again when index.ts has changed. */
export function programCode(): string {
  return loader()?.code(projectRoot, 'index') ?? readFileSync(join(projectRoot, 'program.js'), 'utf8');
}

function runCode(code: string): Record<string, unknown> {
  const file = join(projectRoot, 'index.js');
  const module = new Module(file) as NodeJS.Module & { _compile: (code: string, file: string) => void };
  module.filename = file;
  module.paths = [join(projectRoot, 'node_modules')];
  const bundler = loader();
  if (bundler === undefined) module._compile(code, file);
  else bundler.load(module, projectRoot, 'index', undefined, code);
  return module.exports as Record<string, unknown>;
}

/** Bundles and runs TypeScript; undefined in an installed package, which has the bundle. */
function loader(): typeof Loader | undefined {
  if (!existsSync(join(projectRoot, 'index.ts'))) return undefined;
  // Loaded at run time, as the command's own bundle must not contain the bundler.
  return createRequire(join(projectRoot, 'cli', 'main.js'))('../runtime/load') as typeof Loader;
}

/**
 * Tells the Kubernetes provider not to wait for a Service or an Ingress. The lab has no ingress controller that would
 * set an address. A Service is ready when its workload is, and Pulumi waits for the workload anyway.
 */
export const skipAwait: ResourceTransform = ({ type, props, opts }) => {
  if (!/^kubernetes:(?:core\/v1:Service|networking\.k8s\.io\/v1:Ingress)$/.test(type)) return undefined;
  const { metadata } = props as { metadata?: { annotations?: Record<string, string> } };
  const annotations = { 'pulumi.com/skipAwait': 'true', ...metadata?.annotations };
  // The SDK passes an absent deleteBeforeReplace as false, which would override the provider's own choice.
  const { deleteBeforeReplace, ...others } = opts as CustomResourceOptions;
  const kept = deleteBeforeReplace === true ? opts : others;
  return { props: { ...props, metadata: { ...metadata, annotations } }, opts: kept };
};

interface ProjectFile extends ProjectSettings {
  plugins?: Record<string, { name: string; path: string }[]>;
}

function readProject(): ProjectFile {
  return parse(readFileSync(join(projectRoot, 'Pulumi.yaml'), 'utf8')) as ProjectFile;
}

export function projectName(): string {
  return readProject().name;
}

/**
 * `Pulumi.yaml` with absolute paths, and with a Kubernetes provider.
 * @param provider - folder that holds it. Defaults to Pulumi's own way to find it
 */
export function projectSettings(provider?: string): ProjectSettings {
  const { plugins = {}, ...file } = readProject();
  const own = Object.entries(plugins).map(([kind, list]) => [
    kind,
    list.map((plugin) => ({ ...plugin, path: join(projectRoot, plugin.path) })),
  ]);
  const { providers = [], ...others } = Object.fromEntries(own) as NonNullable<ProjectFile['plugins']>;
  const project: ProjectFile = {
    ...file,
    // Working directory of the providers: paths of charts are relative to it.
    main: userRoot,
    plugins: {
      ...others,
      providers: [...providers, ...(provider === undefined ? [] : [{ name: 'kubernetes', path: provider }])],
    },
  };
  return project;
}
