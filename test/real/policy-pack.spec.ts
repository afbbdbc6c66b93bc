import '../../runtime/lazy-sdk-imports';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import {
  LocalWorkspace,
  PulumiCommand,
  type EngineEvent,
  type ProjectSettings,
} from '@pulumi/pulumi/automation/index.js';
import { unknown } from '@pulumi/pulumi/output';
import { policyFindings } from '../../cli/start/engine-talk';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { Lab } from '../../cluster/lab';
import { sharedLab, START_TIMEOUT_MS } from '../cluster/lab/support';
import { words } from './pulumi/support/words';

const root = resolve(__dirname, '..', '..');
const group = 'networking.istio.io/v1';
const metadata = { name: 'reviews', namespace: 'bookinfo' };
const to = (subset: string, weight?: unknown) => ({
  destination: { host: 'reviews', subset },
  ...(weight === undefined ? {} : { weight }),
});
const virtualService = (http: object[]) => ({
  apiVersion: group,
  kind: 'VirtualService',
  metadata,
  spec: { hosts: ['reviews'], http },
});
const destinationRule = (subsets: object[]) => ({
  apiVersion: group,
  kind: 'DestinationRule',
  metadata,
  spec: { host: 'reviews', subsets },
});
const subset = (name: string) => ({ name, labels: { version: name } });

const sound = [
  destinationRule([subset('v1'), subset('v3')]),
  virtualService([{ route: [to('v1', 90), to('v3', 10)] }]),
];

/**
 * Objects that must stop a preview, with the rule. `$unknown` stands for a number that is known only after deployment.
 */
const bad: { title: string; rule: string; objects: object[] }[] = [
  {
    title: 'weights that sum to 110',
    rule: 'weight-sum-100',
    objects: [virtualService([{ route: [to('v1', 90), to('v3', 20)] }])],
  },
  {
    title: 'a negative weight',
    rule: 'weight-range',
    objects: [virtualService([{ route: [to('v1', -5), to('v3', 105)] }])],
  },
  {
    title: 'fractions',
    rule: 'weight-range',
    objects: [virtualService([{ route: [to('v1', 33.3), to('v3', 66.7)] }])],
  },
  {
    title: 'a missing weight',
    rule: 'weight-explicit',
    objects: [virtualService([{ route: [to('v1', 100), to('v3')] }])],
  },
  {
    title: 'a single destination of weight 0',
    rule: 'weight-single',
    objects: [virtualService([{ route: [to('v3', 0)] }])],
  },
  {
    title: 'an unknown weight',
    rule: 'undetermined',
    objects: [virtualService([{ route: [to('v1', '$unknown'), to('v3', 10)] }])],
  },
  {
    title: 'a misspelt field',
    rule: 'object-schema',
    objects: [virtualService([{ route: [to('v1')], timout: '3s' }])],
  },
  {
    title: 'a regex with look-ahead',
    rule: 'object-schema',
    objects: [virtualService([{ match: [{ uri: { regex: '(?=a)' } }], route: [to('v1')] }])],
  },
  { title: 'a subset twice', rule: 'object-schema', objects: [destinationRule([subset('v1'), subset('v1')])] },
  {
    title: 'HTTPS without TLS settings',
    rule: 'object-schema',
    objects: [
      {
        apiVersion: group,
        kind: 'Gateway',
        metadata,
        spec: { servers: [{ hosts: ['*'], port: { name: 'https', number: 443, protocol: 'HTTPS' } }] },
      },
    ],
  },
];

/** Objects, one after the other; `$unknown` becomes a value that is unknown in previews. */
function program(objects: readonly object[]): () => Promise<void> {
  const known = (value: unknown): unknown => {
    if (value === '$unknown') return pulumi.output(unknown);
    if (Array.isArray(value)) return value.map(known);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, known(inner)]));
  };
  return () => {
    const provider = new kubernetes.Provider('files', { renderYamlToDirectory: 'rendered' });
    const made: pulumi.Resource[] = [];
    for (const object of objects as KubernetesObject[]) {
      const name = `${object.kind}-${object.metadata.name}`;
      const args = known(object) as kubernetes.apiextensions.CustomResourceArgs;
      made.push(new kubernetes.apiextensions.CustomResource(name, args, { provider, dependsOn: [...made] }));
    }
    return Promise.resolve();
  };
}

describe('a preview of any program with the policy pack', function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-pack-'));
  let lab: Lab;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    lab = await sharedLab();
    mkdirSync(join(folder, 'state'));
    mkdirSync(join(folder, 'bin'));
    symlinkSync(lab.programs.pulumi, join(folder, 'bin', 'pulumi'));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  /** @returns the findings that stop the preview */
  async function refusals(objects: readonly object[], pack = join(root, 'policy', 'direct')): Promise<string[]> {
    const plugins = {
      providers: [{ name: 'kubernetes', path: dirname(lab.programs['pulumi-resource-kubernetes']) }],
      analyzers: [{ name: 'policy-meshwright', path: join(root, 'policy', 'direct') }],
    };
    const project: ProjectSettings & { plugins: object } = { name: 'any-program', runtime: 'nodejs', plugins };
    const stack = await LocalWorkspace.createOrSelectStack(
      { stackName: 'dev', projectName: 'any-program', program: program(objects) },
      {
        workDir: folder,
        pulumiHome: join(folder, 'home'),
        pulumiCommand: await PulumiCommand.get({ root: folder }),
        projectSettings: project,
        envVars: {
          PULUMI_BACKEND_URL: `file://${folder}/state`,
          PULUMI_CONFIG_PASSPHRASE: '',
          PULUMI_SKIP_UPDATE_CHECK: 'true',
        },
      },
    );
    const events: EngineEvent[] = [];
    const isFine = await stack.preview({ policyPacks: [pack], onEvent: (event) => events.push(event) }).then(
      () => true,
      () => false,
    );
    const findings = policyFindings(events).filter(({ isMandatory }) => isMandatory);
    assert.equal(isFine, findings.length === 0, JSON.stringify(events.flatMap(words), null, 1));
    return findings.map(({ text }) => text);
  }

  it('passes a sound program', async () => {
    assert.deepEqual(await refusals(sound), []);
  });

  for (const { title, rule, objects } of bad) {
    it(`is stopped by ${title}`, async () => {
      assert.match((await refusals(objects)).join('\n'), new RegExp(`\\[${rule}[,\\]]`));
    });
  }
});
