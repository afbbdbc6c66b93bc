import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { parse } from 'yaml';
import { imported } from '../../../../cli/import/import';
import type { Intake } from '../../../../cli/import/intake';
import type { Lab } from '../../../../cluster/lab';
import { apiGroup, objectTitle, type KubernetesObject } from '../../../../mesh/manifests/kubernetes';
import { everyRule } from '../../../../policy/rules';
import type { RealStack } from './real-stack';

/** What the first update of an imported stack did to the objects that the cluster had before. */
export interface FirstUpdate {
  /** Operations of the update, by kind of operation, without those that change nothing. */
  operations: Record<string, number>;
  /** Objects with another resourceVersion than before. */
  written: string[];
  /** Objects with another generation, and those that are gone or new. */
  changed: string[];
  /** Operations of the second update. */
  second: string[];
}

const advisory = Object.fromEntries(everyRule.map(({ id }) => [id, 'advisory']));

/** Applies objects with kubectl, imports them, and adopts them with a first update. */
export async function firstUpdate(
  lab: Pick<Lab, 'kubectl' | 'env'>,
  stack: RealStack,
  intake: Intake,
): Promise<FirstUpdate> {
  const objects = intake.objects.map(({ object }) => object);
  const kubectl = (words: readonly string[], input?: unknown): string =>
    execFileSync(lab.kubectl, words, {
      env: lab.env,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      ...(input === undefined ? {} : { input: JSON.stringify(input) }),
    });
  const list = (items: readonly KubernetesObject[]): object => ({ apiVersion: 'v1', kind: 'List', items });
  const spaces = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
  const namespaces = [...spaces].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  kubectl(['apply', '--server-side', '-f', '-'], list(namespaces));
  kubectl(['apply', '-f', '-'], list(objects));
  const live = (): Map<string, { resourceVersion: string; generation: unknown }> =>
    new Map(
      objects.map((object) => {
        const group = apiGroup(object.apiVersion);
        const kind = group === '' ? object.kind : `${object.kind}.${group}`;
        const { name, namespace = 'default' } = object.metadata;
        const found = kubectl(['get', kind, name, '-n', namespace, '-o', 'json', '--ignore-not-found']);
        const { metadata } = JSON.parse(found === '' ? '{ "metadata": {} }' : found) as {
          metadata: { resourceVersion: string; generation: unknown };
        };
        return [objectTitle(object), metadata];
      }),
    );
  const { text, proof } = imported(intake, { file: 'Pulumi.test.yaml', text: undefined, force: false });
  assert.deepEqual([proof.differing, proof.missing, proof.moved], [[], [], 0]);
  const before = live();
  const { config } = parse(text) as { config: Record<string, unknown> };
  // Findings do not matter here, and their waivers would change the objects.
  const policy = { ...(config['meshwright:policy'] as object | undefined), rules: advisory };
  stack.configure({ ...config, 'meshwright:policy': policy, 'meshwright:adopt': true });
  const { succeeded, output, events } = await stack.run('up');
  assert.ok(succeeded, output);
  const operations: Record<string, number> = {};
  for (const { resOutputsEvent } of events) {
    const { op = '', type = '' } = resOutputsEvent?.metadata ?? {};
    if (/^(?:kubernetes|meshwright-routes):/.test(type) && op !== 'same') operations[op] = (operations[op] ?? 0) + 1;
  }
  const after = live();
  const differing = (key: 'resourceVersion' | 'generation'): string[] =>
    [...before].filter(([title, metadata]) => after.get(title)?.[key] !== metadata[key]).map(([title]) => title);
  const second = (await stack.up()).map(({ op, name }) => `${op} ${name}`);
  return { operations, written: differing('resourceVersion'), changed: differing('generation'), second };
}
