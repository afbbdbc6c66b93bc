import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { defined, fieldManagerAnnotation, objectKey } from '../../mesh/manifests/kubernetes';
import { renderMesh } from '../../mesh/manifests/mesh';
import { routeType, type RouteInputs } from '../../mesh/manifests/route-set';
import type { Release } from '../../mesh/manifests/release';
import { parseStackText } from '../../config/stack-text';
import { sampleStackFile, sampleStates } from '../../cli/samples';
import { fieldManager } from '../../provider/takeover';
import { programOf } from './support/program';
import type { Registration } from './support/registrations';

const root = join(__dirname, '..', '..');
const stackFiles = readdirSync(root)
  .filter((name) => /^Pulumi\..+\.yaml$/.test(name))
  .map((name): [string, string] => [name, readFileSync(join(root, name), 'utf8')]);
/** The base of each sample: its states differ in routes, and each program is loaded afresh, which takes a second or two. */
const samples = sampleStates()
  .filter(({ state }) => state === 'base')
  .map(({ sample, state }): [string, string] => [`sample ${sample}/${state}`, sampleStackFile(sample, state)]);

describe('the program', () => {
  for (const [name, text] of [...stackFiles, ...samples]) {
    it(`registers exactly what is rendered for ${name}`, async () => {
      const parsed = parseStackText(text, name);
      assert.ok('settings' in parsed);
      const mesh = renderMesh(parsed.settings);
      const { registered } = await programOf((parse(text) as { config: Record<string, unknown> }).config);
      const rendered = [...mesh.existingNamespaces, ...mesh.objects].map(({ object }) => object);
      assert.deepEqual(byKey(registered.filter(isObject).flatMap(objectsOf)), byKey(rendered));
      assert.deepEqual(byName(registered.filter(isRelease).map(releaseOf)), byName(mesh.releases.map(helmInputs)));
    });
  }
});

/** Not a component, a release, or a resource that only waits. */
function isObject({ type }: Registration): boolean {
  return !/^(meshwright|kubernetes-cert-manager):|:Release$|:MutatingWebhookConfigurationPatch$/.test(type);
}

function isRelease({ type }: Registration): boolean {
  return type === 'kubernetes:helm.sh/v3:Release';
}

/** The object of a resource, or the objects of a Route. */
function objectsOf({ type, name, inputs }: Registration): KubernetesObject[] {
  if (type !== routeType) return [asRendered(name, plain(inputs) as KubernetesObject)];
  const { objects } = plain(inputs) as RouteInputs;
  return Object.values(objects).map((text) => JSON.parse(text) as KubernetesObject);
}

/** Without the field manager's annotation, which every object must have. */
function asRendered(name: string, object: KubernetesObject): KubernetesObject {
  const { [fieldManagerAnnotation]: manager, ...annotations } = object.metadata.annotations ?? {};
  assert.equal(manager, fieldManager('organization/project/stack', name));
  const stated = Object.keys(annotations).length === 0 ? undefined : annotations;
  return { ...object, metadata: defined({ ...object.metadata, annotations: stated }) };
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value);
  const [key, held] = fields[0] ?? [];
  if (fields.length === 1 && key === 'secret') return plain(held);
  return Object.fromEntries(fields.map(([name, field]) => [name, plain(field)]));
}

interface HelmInputs {
  name: string;
  namespace: string;
  chart: string;
  repository: string | undefined;
  version: string | undefined;
  values: unknown;
}

function releaseOf({ inputs }: Registration): HelmInputs {
  const { name, namespace, chart, repositoryOpts, version, values } = plain(inputs) as HelmInputs & {
    repositoryOpts?: { repo: string };
  };
  return { name, namespace, chart, repository: repositoryOpts?.repo, version, values };
}

function helmInputs({ name, namespace, chart, repository, version, values }: Release): HelmInputs {
  return { name, namespace, chart, repository, version, values };
}

function byKey(objects: KubernetesObject[]): KubernetesObject[] {
  return [...objects].sort((a, b) => objectKey(a).localeCompare(objectKey(b)));
}

function byName(releases: HelmInputs[]): HelmInputs[] {
  return [...releases].sort((a, b) => a.name.localeCompare(b.name));
}
