import assert from 'node:assert/strict';
import { credentials, type ServiceError } from '@grpc/grpc-js';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { ResourceProviderClient } from '@pulumi/pulumi/proto/provider_grpc_pb';
import * as proto from '@pulumi/pulumi/proto/provider_pb';
import { Status } from '@pulumi/pulumi/proto/status_pb';
import { textsOf, type RouteSetInputs } from '../../mesh/manifests/route-set';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { Lab } from '../../cluster/lab';
import { asMap } from '../../mesh/model/json';
import { RouteSets } from '../../provider/route-set';
import { serve } from '../../provider/serve';
import { fromStruct, toStruct } from '../../provider/wire';
import { installIstioCrds } from '../cluster/lab/istio-crds';
import { kubectl } from '../cluster/lab/kubectl';
import { get, sharedLab, START_TIMEOUT_MS } from '../cluster/lab/support';
import { route, rule } from '../support/routes';
import { asked } from '../support/asked';

const urn = 'urn:pulumi:test::test::meshwright-routes:index:RouteSet::set';
const space = 'route-set';
const versions = (...names: string[]): KubernetesObject[] => names.map((name) => rule(name, 'reviews', space));
const reviews = (weights: Record<string, number>): KubernetesObject => route(weights, 'reviews', space);

type Properties = Record<string, unknown>;

describe('the provider of route sets, over gRPC and on a real API server', function () {
  this.timeout(START_TIMEOUT_MS);
  let lab: Lab;
  let client: ResourceProviderClient;
  let stop: () => void;
  let state: { id: string; properties: Properties };

  before(async () => {
    lab = await sharedLab();
    await installIstioCrds(lab);
    await kubectl(lab, ['create', 'namespace', space]);
    const { port, close } = await serve(new RouteSets(() => ({ info, progress: info, warnOnce: info })), '0.0.0');
    client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    stop = () => {
      client.close();
      close();
    };
  });
  after(() => stop());

  const info = (): void => undefined;
  const inputs = (...objects: KubernetesObject[]): RouteSetInputs => ({
    namespace: space,
    objects: textsOf(objects),
    kubeconfig: lab.kubeconfig,
    context: lab.context,
  });
  const create = async (of: RouteSetInputs, preview = false): Promise<{ id: string; properties: Properties }> => {
    const request = new proto.CreateRequest().setUrn(urn).setProperties(toStruct(of)).setPreview(preview);
    const response = await asked<proto.CreateResponse>((done) => client.create(request, done));
    return { id: response.getId(), properties: fromStruct(response.getProperties()) };
  };
  const update = async (of: RouteSetInputs): Promise<Properties> => {
    const request = new proto.UpdateRequest()
      .setId(state.id)
      .setUrn(urn)
      .setOlds(toStruct(state.properties))
      .setNews(toStruct(of));
    const response = await asked<proto.UpdateResponse>((done) => client.update(request, done));
    return fromStruct(response.getProperties());
  };
  const read = async (): Promise<Properties> => {
    const request = new proto.ReadRequest().setId(state.id).setUrn(urn).setProperties(toStruct(state.properties));
    const response = await asked<proto.ReadResponse>((done) => client.read(request, done));
    return response.getId() === '' ? {} : fromStruct(response.getProperties());
  };
  const live = async (kind: string, name: string): Promise<Record<string, unknown> | undefined> =>
    get(lab, kind, name, '-n', space);
  const names = async (): Promise<string[]> => {
    const text = await kubectl(lab, ['get', 'destinationrules,virtualservices', '-n', space, '-o', 'name']);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replace(/\.networking.*\//, ' '));
  };
  const patch = (name: string, spec: object): Promise<string> =>
    kubectl(lab, ['patch', 'virtualservice', name, '-n', space, '--type=merge', `-p=${JSON.stringify({ spec })}`]);

  it('previews without a cluster', async () => {
    const of = { ...inputs(reviews({ v1: 100 })), kubeconfig: '/nowhere' };
    assert.deepEqual(await create(of, true), { id: '', properties: of });
  });

  it('refuses what others have made, in previews as well, and writes nothing', async () => {
    await kubectl(lab, ['apply', '-f', '-'], JSON.stringify(reviews({ v9: 100 })));
    const of = inputs(...versions('v1', 'v2'), reviews({ v1: 90, v2: 10 }));
    const message =
      'VirtualService route-set/reviews is in the cluster already, and this stack has not made it (kubectl-client-side-apply did). Delete it, or take its route out of the stack file.';
    for (const preview of [true, false]) {
      const error = (await create(of, preview).catch((caught: unknown) => caught)) as ServiceError;
      assert.equal(error.details, message);
    }
    assert.deepEqual(await names(), ['virtualservice reviews']);
  });

  it('takes over what others have made when it is told to, all of its spec, and makes the rest', async () => {
    const stranger = reviews({ v9: 100 });
    await kubectl(
      lab,
      ['apply', '-f', '-'],
      JSON.stringify({ ...stranger, spec: { ...stranger.spec, exportTo: ['.'] } }),
    );
    const of = inputs(...versions('v1', 'v2'), reviews({ v1: 90, v2: 10 }));
    process.env['PULUMI_K8S_UPSERT_EXISTING_OBJECTS'] = 'true';
    try {
      state = await create(of);
    } finally {
      delete process.env['PULUMI_K8S_UPSERT_EXISTING_OBJECTS'];
    }
    assert.deepEqual(state.properties, { ...of, server: asText(state.properties['server']), unproven: [] });
    const made = await live('virtualservice', 'reviews');
    assert.deepEqual(made?.['spec'], reviews({ v1: 90, v2: 10 }).spec);
    assert.deepEqual(asMap(asMap(made?.['metadata'])['labels']), { 'meshwright.io/route-set': state.id });
    assert.deepEqual(await names(), [
      'destinationrule reviews.v1',
      'destinationrule reviews.v2',
      'virtualservice reviews',
    ]);
  });

  it('writes what changed and nothing else, and takes away what left', async () => {
    const before = asMap((await live('destinationrule', 'reviews.v1'))?.['metadata']);
    state.properties = await update(inputs(...versions('v1', 'v3'), reviews({ v1: 90, v3: 10 })));
    assert.deepEqual(await names(), [
      'destinationrule reviews.v1',
      'destinationrule reviews.v3',
      'virtualservice reviews',
    ]);
    const after = asMap((await live('destinationrule', 'reviews.v1'))?.['metadata']);
    assert.deepEqual(after['resourceVersion'], before['resourceVersion']);
  });

  it('finishes a create that was killed: the same id, nothing twice, and nothing left of what config does not have any more', async () => {
    const known = state;
    state = await create(inputs(...versions('v1', 'v2'), reviews({ v1: 50, v2: 50 })));
    assert.equal(state.id, known.id);
    assert.deepEqual(await names(), [
      'destinationrule reviews.v1',
      'destinationrule reviews.v2',
      'virtualservice reviews',
    ]);
  });

  it('sees what was changed or deleted by hand, and puts it right', async () => {
    assert.deepEqual(await read(), state.properties);
    await patch('reviews', { hosts: ['elsewhere'] });
    await kubectl(lab, ['delete', 'destinationrule', 'reviews.v2', '-n', space]);
    await kubectl(lab, ['label', 'destinationrule', 'reviews.v1', '-n', space, 'meshwright.io/route-set-', 'team=a']);
    const wanted = inputs(...versions('v1', 'v2'), reviews({ v1: 50, v2: 50 }));
    const edited = { ...reviews({ v1: 50, v2: 50 }) };
    const objects = textsOf([...versions('v1'), { ...edited, spec: { ...edited.spec, hosts: ['elsewhere'] } }]);
    const seen = await read();
    assert.deepEqual(parsed(seen), parsed({ ...state.properties, objects }));
    state.properties = seen;
    state.properties = await update(wanted);
    assert.deepEqual((await live('virtualservice', 'reviews'))?.['spec'], edited.spec);
    assert.deepEqual(await names(), [
      'destinationrule reviews.v1',
      'destinationrule reviews.v2',
      'virtualservice reviews',
    ]);
  });

  it('tells every object that is refused, writes no route whose rule is missing, and has the state of what is there', async () => {
    const bad = { ...rule('v3', 'reviews', space), spec: { host: 7 } } as KubernetesObject;
    const worse = { ...route({ v1: 100 }, 'ratings', space), spec: { hosts: 'ratings' } } as KubernetesObject;
    const wanted = inputs(...versions('v1', 'v2'), bad, worse, reviews({ v1: 40, v2: 60 }));
    const error: unknown = await update(wanted).catch((caught: unknown) => caught);
    const { properties, reasons } = incomplete(error as ServiceError);
    assert.deepEqual(
      reasons.map((reason) => reason.slice(0, reason.indexOf(':'))),
      ['DestinationRule route-set/reviews.v3', 'VirtualService route-set/ratings'],
    );
    assert.deepEqual(properties, {
      ...state.properties,
      objects: textsOf([...versions('v1', 'v2'), reviews({ v1: 40, v2: 60 })]),
    });
    state.properties = properties;
  });

  it('says what is wrong when nothing could be made at all', async () => {
    const error = (await create({ ...inputs(), context: 'nobody' }).catch((caught: unknown) => caught)) as ServiceError;
    assert.equal(error.details, `the kubeconfig has no context nobody; it has ${lab.context}`);
  });

  it('leaves what another set has taken over, and takes the rest away', async () => {
    const other = { ...(await live('virtualservice', 'reviews')) };
    await kubectl(lab, [
      'label',
      'virtualservice',
      'reviews',
      '-n',
      space,
      '--overwrite',
      'meshwright.io/route-set=other',
    ]);
    const request = new proto.DeleteRequest().setId(state.id).setUrn(urn).setProperties(toStruct(state.properties));
    await asked((done) => client.delete(request, done));
    assert.deepEqual(await names(), ['virtualservice reviews']);
    assert.deepEqual((await live('virtualservice', 'reviews'))?.['spec'], other['spec']);
  });

  it('knows when all of it is gone', async () => {
    await kubectl(lab, ['delete', 'virtualservice', 'reviews', '-n', space]);
    assert.deepEqual(await read(), {});
  });

  it('stops when the engine that called is gone, so that the next update finds nobody at work', async () => {
    let told: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (told = resolve));
    const sets = new RouteSets(() => ({ info, progress: info, warnOnce: info }));
    const { port, close } = await serve(sets, '0.0.0', () => told());
    const engine = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    const many = Array.from({ length: 200 }, (_, index) => rule(`v${index}`, 'reviews', space));
    const request = new proto.CreateRequest().setUrn(urn).setProperties(toStruct(inputs(...many)));
    const call = engine.create(request, () => undefined);
    while ((await names()).length === 0) continue;
    call.cancel();
    await gone;
    const there = await names();
    assert.ok(there.length < many.length, `${there.length} were made`);
    assert.deepEqual(await names(), there);
    engine.close();
    close();
    await kubectl(lab, ['delete', 'destinationrules', '--all', '-n', space]);
  });

  it('stops what it is doing when it is told to', async () => {
    await asked((done) => client.cancel(new Empty(), done));
    const error = (await create(inputs(reviews({ v1: 100 }))).catch((caught: unknown) => caught)) as ServiceError;
    assert.match(error.details, /cancelled/);
    assert.deepEqual(await names(), []);
  });
});

/** The state in an error, as the engine finds it. */
function incomplete(error: ServiceError): { properties: Properties; reasons: string[] } {
  const [packed] = error.metadata.get('grpc-status-details-bin');
  const [detail] = Status.deserializeBinary(packed as Buffer).getDetailsList();
  const failed = proto.ErrorResourceInitFailed.deserializeBinary(detail?.getValue_asU8() ?? new Uint8Array());
  return { properties: fromStruct(failed.getProperties()), reasons: failed.getReasonsList() };
}

/** Texts as objects, whose keys may stand in any order. */
function parsed({ objects, ...others }: Properties): Properties {
  const texts = Object.entries(asMap(objects)).map(([title, text]) => [title, JSON.parse(String(text)) as unknown]);
  return { ...others, objects: Object.fromEntries(texts) as unknown };
}

function asText(value: unknown): string {
  assert.equal(typeof value, 'string');
  return String(value);
}
