import assert from 'node:assert/strict';
import { credentials } from '@grpc/grpc-js';
import { AnalyzerClient } from '@pulumi/pulumi/proto/analyzer_grpc_pb';
import * as proto from '@pulumi/pulumi/proto/analyzer_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { Struct, type JavaScriptValue } from 'google-protobuf/google/protobuf/struct_pb';
import type { Pack } from '../../../policy/direct/messages';
import { serve } from '../../../policy/direct/serve';
import { knownPart, type StackResource } from '../../../policy/pack/resource';
import { packName, policies } from '../../../policy/pack/policies';
import { asked } from '../../support/asked';

type Fields = Record<string, JavaScriptValue>;

const secret = (value: JavaScriptValue): Fields => ({
  '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
  value,
});
const facts = {
  displayName: 'Shown',
  enforcementLevel: 'mandatory',
  severity: 'high',
  configSchema: { properties: { limit: { type: 'integer' } } },
} as const;
const urn = (name: string): string => `urn:pulumi:dev::shop::kubernetes:core/v1:ConfigMap::${name}`;
const options = (...ignored: string[]): proto.AnalyzerResourceOptions =>
  new proto.AnalyzerResourceOptions().setIgnorechangesList(ignored);

/** Reports what it gets. */
const telling: Pack = {
  name: 'telling',
  version: '1.2.3',
  policies: [
    {
      ...facts,
      name: 'of-resources',
      description: 'Of one.',
      validateResource: ({ type, urn, props, getConfig, stackTags }, report) => {
        if (props['defect'] === true) throw new Error('broken');
        report(JSON.stringify({ type, urn, known: knownPart(props), config: getConfig(), tags: [...stackTags] }));
      },
    },
    {
      ...facts,
      name: 'of-stacks',
      description: 'Of all.',
      severity: 'low',
      validateStack: ({ resources }, report) => {
        for (const resource of resources) report(JSON.stringify(shown(resource)), resource.urn);
      },
    },
  ],
};

function shown({ name, opts, provider, parent, dependencies, propertyDependencies, props }: StackResource): object {
  const owners = Object.entries(propertyDependencies).map(([key, list]) => [key, list.map((one) => one.name)]);
  const of = dependencies.map((one) => one.urn);
  return {
    name,
    opts,
    provider: provider?.urn,
    parent: parent?.urn,
    of,
    owners: Object.fromEntries(owners) as object,
    props,
  };
}

interface Told {
  policy: string;
  level: proto.EnforcementLevel;
  severity: proto.PolicySeverity;
  urn: string;
  message: unknown;
}

describe('the policy pack that the engine starts itself, over gRPC', () => {
  const closing: (() => void)[] = [];
  const clientOf = async (pack: Pack): Promise<AnalyzerClient> => {
    const { port, close } = await serve(pack);
    const client = new AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
    closing.push(() => client.close(), close);
    return client;
  };
  after(() => closing.forEach((close) => close()));

  it('describes itself', async () => {
    const client = await clientOf(telling);
    const info = await asked<proto.AnalyzerInfo>((done) => client.getAnalyzerInfo(new Empty(), done));
    const { name, version, supportsconfig, policiesList } = info.toObject();
    const { POLICY_TYPE_RESOURCE, POLICY_TYPE_STACK } = proto.PolicyType;
    const { POLICY_SEVERITY_HIGH, POLICY_SEVERITY_LOW } = proto.PolicySeverity;
    assert.deepEqual(
      {
        name,
        version,
        supportsconfig,
        policies: policiesList.map((one) => [
          one.name,
          one.displayname,
          one.description,
          one.policyType,
          one.enforcementlevel,
          one.severity,
        ]),
      },
      {
        name: 'telling',
        version: '1.2.3',
        supportsconfig: true,
        policies: [
          [
            'of-resources',
            'Shown',
            'Of one.',
            POLICY_TYPE_RESOURCE,
            proto.EnforcementLevel.MANDATORY,
            POLICY_SEVERITY_HIGH,
          ],
          ['of-stacks', 'Shown', 'Of all.', POLICY_TYPE_STACK, proto.EnforcementLevel.MANDATORY, POLICY_SEVERITY_LOW],
        ],
      },
    );
    const schemas = info.getPoliciesList().map((one) => one.getConfigschema()?.getProperties()?.toJavaScript());
    assert.deepEqual(schemas, [facts.configSchema.properties, facts.configSchema.properties]);
  });

  it('judges a resource by its properties, secrets in clear and unknown ones left out', async () => {
    const client = await clientOf(telling);
    const props = { data: { a: secret('hush'), b: '04da6b54-80e4-46f7-96ec-b56ff0331ba9' } };
    const known = { value: { data: { a: 'hush' } }, unknowns: ['data.b'] };
    const { MANDATORY } = proto.EnforcementLevel;
    assert.deepEqual(await analyze(client, props), [
      {
        policy: 'of-resources',
        level: MANDATORY,
        severity: proto.PolicySeverity.POLICY_SEVERITY_HIGH,
        urn: '',
        message: { type: 'kubernetes:core/v1:ConfigMap', urn: urn('a'), known, config: {}, tags: [] },
      },
    ]);
  });

  it("follows the engine's configuration", async () => {
    const client = await clientOf(telling);
    const tags = new proto.AnalyzerStackConfigureRequest();
    tags.getTagsMap().set('environment', 'production');
    await asked((done) => client.configureStack(tags, done));
    const { ADVISORY, REMEDIATE, MANDATORY, DISABLED } = proto.EnforcementLevel;
    const configure = async (level: proto.EnforcementLevel): Promise<Told[]> => {
      const request = new proto.ConfigureAnalyzerRequest();
      const properties = Struct.fromJavaScript({ limit: 3 });
      const config = new proto.PolicyConfig().setEnforcementlevel(level).setProperties(properties);
      request.getPolicyconfigMap().set('of-resources', config);
      await asked((done) => client.configure(request, done));
      return analyze(client, {});
    };
    const found = [await configure(ADVISORY), await configure(REMEDIATE), await configure(MANDATORY)];
    assert.deepEqual(
      found.flatMap((list) => list.map(({ level }) => level)),
      [ADVISORY, MANDATORY, MANDATORY],
    );
    const { config, tags: told } = found[0]?.[0]?.message as { config: object; tags: object };
    assert.deepEqual({ config, told }, { config: { limit: 3 }, told: [['environment', 'production']] });
    assert.deepEqual(await configure(DISABLED), []);
  });

  it('judges a stack with the relations between its resources', async () => {
    const client = await clientOf(telling);
    const resource = (name: string): proto.AnalyzerResource =>
      new proto.AnalyzerResource()
        .setType('kubernetes:core/v1:ConfigMap')
        .setUrn(urn(name))
        .setName(name)
        .setOptions(options())
        .setProperties(Struct.fromJavaScript({ name }));
    const [owner, owned] = [resource('owner'), resource('owned')];
    owned
      .setParent(urn('owner'))
      .setDependenciesList([urn('owner'), urn('elsewhere')])
      .setProvider(new proto.AnalyzerProviderResource().setUrn('provider'))
      .setOptions(options('data').setDeletebeforereplacedefined(true).setDeletebeforereplace(true));
    const from = new proto.AnalyzerPropertyDependencies().setUrnsList([urn('owner')]);
    owned.getPropertydependenciesMap().set('data', from);
    const request = new proto.AnalyzeStackRequest().setResourcesList([owned, owner]);
    const response = await asked<proto.AnalyzeResponse>((done) => client.analyzeStack(request, done));
    assert.deepEqual(
      told(response).map(({ policy, urn: of, message }) => ({ policy, of, message })),
      [
        {
          policy: 'of-stacks',
          of: urn('owned'),
          message: {
            name: 'owned',
            opts: { ignoreChanges: ['data'], deleteBeforeReplace: true },
            provider: 'provider',
            parent: urn('owner'),
            of: [urn('owner')],
            owners: { data: ['owner'] },
            props: { name: 'owned' },
          },
        },
        {
          policy: 'of-stacks',
          of: urn('owner'),
          message: { name: 'owner', opts: { ignoreChanges: [] }, of: [], owners: {}, props: { name: 'owner' } },
        },
      ],
    );
  });

  it('remediates nothing', async () => {
    const client = await clientOf(telling);
    const response = await asked<proto.RemediateResponse>((done) => client.remediate(requestOf({}), done));
    assert.deepEqual(response.toObject(), { remediationsList: [], notApplicableList: [] });
  });

  it('names the policy that crashes, and continues', async () => {
    const client = await clientOf(telling);
    await assert.rejects(analyze(client, { defect: true }), /broken/);
    assert.equal((await analyze(client, {})).length, 1);
  });

  it('has the same findings and descriptions as the pack', async () => {
    const client = await clientOf({ name: packName, version: '0.1.0', policies });
    const route = ['v1', 'v3'].map((subset) => ({ destination: { host: 'reviews', subset }, weight: 60 }));
    const spec = { hosts: ['reviews'], http: [{ route }] };
    const metadata = { name: 'reviews', namespace: 'bookinfo' };
    const request = requestOf({ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata, spec }).setType(
      'kubernetes:networking.istio.io/v1:VirtualService',
    );
    const response = await asked<proto.AnalyzeResponse>((done) => client.analyze(request, done));
    const texts = response.getDiagnosticsList().map((one) => one.getMessage().split('\n').slice(0, 2));
    assert.deepEqual(texts, [
      [
        'Mistakes within one Istio object: weights, schema, single settings.',
        'VirtualService bookinfo/reviews spec.http[0].route: weights must sum to 100, these sum to 120 (v1 60, v3 60); Istio would scale them to v1 50 %, v3 50 % [weight-sum-100, IST0106]',
      ],
    ]);
  });
});

function requestOf(props: Fields): proto.AnalyzeRequest {
  return new proto.AnalyzeRequest()
    .setType('kubernetes:core/v1:ConfigMap')
    .setUrn(urn('a'))
    .setName('a')
    .setOptions(options())
    .setProperties(Struct.fromJavaScript(props));
}

async function analyze(client: AnalyzerClient, props: Fields): Promise<Told[]> {
  return told(await asked<proto.AnalyzeResponse>((done) => client.analyze(requestOf(props), done)));
}

/** Findings, with the messages of {@link telling} parsed. */
function told(response: proto.AnalyzeResponse): Told[] {
  return response.getDiagnosticsList().map((one) => {
    const [description, text = ''] = one.getMessage().split('\n');
    assert.equal(description, one.getDescription());
    assert.deepEqual([one.getPolicypackname(), one.getPolicypackversion()], ['telling', '1.2.3']);
    return {
      policy: one.getPolicyname(),
      level: one.getEnforcementlevel(),
      severity: one.getSeverity(),
      urn: one.getUrn(),
      message: JSON.parse(text) as unknown,
    };
  });
}
