import assert from 'node:assert/strict';
import { credentials, type ServiceError } from '@grpc/grpc-js';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { ResourceProviderClient } from '@pulumi/pulumi/proto/provider_grpc_pb';
import * as proto from '@pulumi/pulumi/proto/provider_pb';
import { Status } from '@pulumi/pulumi/proto/status_pb';
import { serializedObjects, type RouteInputs } from '../../mesh/manifests/route-set';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { Lab } from '../../cluster/lab';
import { asMap, without } from '../../mesh/json';
import { routeId } from '../../provider/ownership';
import { RouteResources } from '../../provider/routes';
import { fromStruct, serve, toStruct } from '../../provider/serve';
import { installIstioCrds } from '../cluster/lab/istio-crds';
import { kubectl } from '../cluster/lab/kubectl';
import { get, sharedLab, START_TIMEOUT_MS } from '../cluster/lab/support';
import { route, rule } from '../support/routes';
import { asked } from '../support/asked';

const urn = 'urn:pulumi:test::test::meshwright:index:Routes$meshwright-routes:index:Route::route-set/reviews';
const space = 'route-set';
const versions = (...names: string[]): KubernetesObject[] => names.map((name) => rule(name, 'reviews', space));
const reviews = (weights: Record<string, number>): KubernetesObject => route(weights, 'reviews', space);

type Properties = Record<string, unknown>;

describe('the provider of Routes, over gRPC and on a real API server', function () {
  this.timeout(180_000);
  let lab: Lab;
  let client: ResourceProviderClient;
  let stop: () => void;
  let state: { id: string; properties: Properties };
  /** Inputs of the last update, as the engine keeps them. */
  let known: RouteInputs;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    lab = await sharedLab();
    await installIstioCrds(lab);
    await kubectl(lab, ['create', 'namespace', space]);
    const { port, close } = await serve(new RouteResources(() => log), '0.0.0');
    client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    stop = () => {
      client.close();
      close();
    };
  });
  after(() => stop());

  const silent = (): void => undefined;
  const log = { info: silent, progress: silent, warnOnce: silent, flush: () => Promise.resolve() };
  const inputs = (...objects: KubernetesObject[]): RouteInputs => ({
    namespace: space,
    objects: serializedObjects(objects),
    kubeconfig: lab.kubeconfig,
    context: lab.context,
  });
  const create = async (of: RouteInputs, preview = false): Promise<{ id: string; properties: Properties }> => {
    const request = new proto.CreateRequest().setUrn(urn).setProperties(toStruct(of)).setPreview(preview);
    const response = await asked<proto.CreateResponse>((done) => client.create(request, done));
    known = of;
    return { id: response.getId(), properties: fromStruct(response.getProperties()) };
  };
  const update = async (of: RouteInputs): Promise<Properties> => {
    const request = new proto.UpdateRequest()
      .setId(state.id)
      .setUrn(urn)
      .setOlds(toStruct(state.properties))
      .setOldInputs(toStruct(known))
      .setNews(toStruct(of));
    known = of;
    const response = await asked<proto.UpdateResponse>((done) => client.update(request, done));
    return fromStruct(response.getProperties());
  };
  const read = async (): Promise<Properties> => {
    const request = new proto.ReadRequest()
      .setId(state.id)
      .setUrn(urn)
      .setProperties(toStruct(state.properties))
      .setInputs(toStruct(known));
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
    assert.deepEqual(await create(of, true), { id: '', properties: {} });
  });

  it('refuses objects of others, even in previews, and writes nothing', async () => {
    await kubectl(lab, ['apply', '-f', '-'], JSON.stringify(reviews({ v9: 100 })));
    const of = inputs(...versions('v1', 'v2'), reviews({ v1: 90, v2: 10 }));
    const message =
      'VirtualService route-set/reviews exists, and this stack did not create it (field managers: kubectl-client-side-apply).\nTo take it over: meshwright:adopt: ["VirtualService route-set/reviews"], or true for all.';
    for (const preview of [true, false]) {
      const error = (await create(of, preview).catch((caught: unknown) => caught)) as ServiceError;
      assert.equal(error.details, message);
    }
    assert.deepEqual(await names(), ['virtualservice reviews']);
  });

  it('takes over objects of others on request, with their whole spec, and creates the rest', async () => {
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
    const server = asString(state.properties['server']);
    assert.deepEqual(state.properties, { weights: { v1: 90, v2: 10 }, server });
    const made = await live('virtualservice', 'reviews');
    assert.deepEqual(made?.['spec'], reviews({ v1: 90, v2: 10 }).spec);
    assert.deepEqual(asMap(asMap(made?.['metadata'])['labels']), { 'meshwright.io/route-set': state.id });
    assert.deepEqual(await names(), [
      'destinationrule reviews.v1',
      'destinationrule reviews.v2',
      'virtualservice reviews',
    ]);
  });

  it('writes only changed objects, and removes those that left the inputs', async () => {
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

  it('finishes an interrupted create: same id, no duplicates, nothing left over', async () => {
    const { id } = state;
    state = await create(inputs(...versions('v1', 'v2'), reviews({ v1: 50, v2: 50 })));
    assert.equal(state.id, id);
    assert.deepEqual(await names(), [
      'destinationrule reviews.v1',
      'destinationrule reviews.v2',
      'virtualservice reviews',
    ]);
  });

  it('finds no difference to the state of an older version, which repeats the inputs in the outputs', async () => {
    const of = { ...inputs(...versions('v1', 'v2'), reviews({ v1: 50, v2: 50 })), weights: { v1: 50, v2: 50 } };
    const repeated = without(of, 'objects');
    const request = new proto.DiffRequest()
      .setId(state.id)
      .setUrn(urn)
      .setOlds(toStruct({ ...repeated, ...state.properties, unproven: [] }))
      .setOldInputs(toStruct(of))
      .setNews(toStruct(of));
    const response = await asked<proto.DiffResponse>((done) => client.diff(request, done));
    assert.equal(response.getChanges(), proto.DiffResponse.DiffChanges.DIFF_NONE);
  });

  it('detects and corrects drift', async () => {
    assert.deepEqual(await read(), state.properties);
    await patch('reviews', { hosts: ['elsewhere'] });
    await kubectl(lab, ['delete', 'destinationrule', 'reviews.v2', '-n', space]);
    await kubectl(lab, ['label', 'destinationrule', 'reviews.v1', '-n', space, 'meshwright.io/route-set-', 'team=a']);
    const wanted = inputs(...versions('v1', 'v2'), reviews({ v1: 50, v2: 50 }));
    const edited = { ...reviews({ v1: 50, v2: 50 }) };
    const objects = serializedObjects([
      ...versions('v1'),
      { ...edited, spec: { ...edited.spec, hosts: ['elsewhere'] } },
    ]);
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

  it('leaves the weights to their owner, and writes everything else', async () => {
    const of = (weights: Record<string, number>, hosts: string[]): RouteInputs => {
      const stated = reviews(weights);
      const changed = { ...stated, spec: { ...stated.spec, hosts } };
      return { ...inputs(...versions('v1', 'v2'), changed), weightsOwnedBy: 'argo' };
    };
    state.properties = await update(of({ v1: 50, v2: 50 }, ['reviews']));
    const specOf = (weights: Record<string, number>, hosts: string[]): unknown => ({ ...reviews(weights).spec, hosts });
    const spec = async (): Promise<unknown> => (await live('virtualservice', 'reviews'))?.['spec'];
    await patch('reviews', reviews({ v1: 20, v2: 80 }).spec ?? {});
    const before = asMap((await live('virtualservice', 'reviews'))?.['metadata'])['resourceVersion'];
    assert.deepEqual(await read(), state.properties);
    state.properties = await update(of({ v1: 90, v2: 10 }, ['reviews', 'other']));
    assert.deepEqual(await spec(), specOf({ v1: 20, v2: 80 }, ['reviews', 'other']));
    assert.notEqual(asMap((await live('virtualservice', 'reviews'))?.['metadata'])['resourceVersion'], before);
    state.properties = await update(inputs(...versions('v1', 'v2'), reviews({ v1: 50, v2: 50 })));
    assert.deepEqual(await spec(), specOf({ v1: 50, v2: 50 }, ['reviews']));
  });

  it('never resets weights while their owner moves them', async () => {
    let moved = 0;
    let seen = 0;
    const of = (timeout: number): RouteInputs => {
      const stated = reviews({ v1: 50, v2: 50 });
      const [http] = (stated.spec as { http: object[] }).http;
      const changed = { ...stated, spec: { hosts: ['reviews'], http: [{ ...http, timeout: `${timeout}s` }] } };
      return { ...inputs(...versions('v1', 'v2'), changed), weightsOwnedBy: 'argo' };
    };
    const weightOf = async (): Promise<number> => {
      const { http } = (await live('virtualservice', 'reviews'))?.['spec'] as {
        http: { route: { weight: number }[] }[];
      };
      return http[0]?.route[0]?.weight ?? -1;
    };
    const json = (weight: number): string =>
      JSON.stringify([
        { op: 'replace', path: '/spec/http/0/route/0/weight', value: weight },
        { op: 'replace', path: '/spec/http/0/route/1/weight', value: 100 - weight },
      ]);
    for (let round = 1; round <= 5; round++) {
      const updating = update(of(round));
      moved = round * 10;
      await kubectl(lab, ['patch', 'virtualservice', 'reviews', '-n', space, '--type=json', `-p=${json(moved)}`]);
      state.properties = await updating;
      if ((await weightOf()) === moved) seen += 1;
    }
    assert.equal(seen, 5);
    state.properties = await update(inputs(...versions('v1', 'v2'), reviews({ v1: 50, v2: 50 })));
  });

  it("takes over the objects of an older version's RouteSet, and changes only label and annotation", async () => {
    const set = 'urn:pulumi:test::test::meshwright:index:Routes$meshwright-routes:index:RouteSet::route-set';
    const id = routeId(set, asString(state.properties['server']), space);
    for (const object of [...versions('v1', 'v2'), reviews({ v1: 50, v2: 50 })]) {
      const { name } = object.metadata;
      const kind = object.kind.toLowerCase();
      await kubectl(lab, ['label', kind, name, '-n', space, '--overwrite', `meshwright.io/route-set=${id}`]);
      await kubectl(lab, ['annotate', kind, name, '-n', space, 'meshwright.io/owner-']);
    }
    const generation = async (): Promise<unknown> =>
      asMap((await live('virtualservice', 'reviews'))?.['metadata'])['generation'];
    const before = await generation();
    const of = inputs(...versions('v1', 'v2'), reviews({ v1: 50, v2: 50 }));
    state = await create(of);
    // After creating the Routes, Pulumi deletes the RouteSet.
    const request = new proto.DeleteRequest()
      .setId(id)
      .setUrn(set)
      .setProperties(toStruct({ ...of, server: asString(state.properties['server']), unproven: [] }));
    await asked((done) => client.delete(request, done));
    assert.equal(await generation(), before);
    assert.deepEqual(await names(), [
      'destinationrule reviews.v1',
      'destinationrule reviews.v2',
      'virtualservice reviews',
    ]);
  });

  it('refuses objects of another stack, and leaves them on destroy', async () => {
    const strange = urn.replace('urn:pulumi:test', 'urn:pulumi:prod');
    const request = new proto.CreateRequest().setUrn(strange).setProperties(toStruct(inputs(reviews({ v1: 100 }))));
    const error = (await asked((done) => client.create(request, done)).catch(
      (caught: unknown) => caught,
    )) as ServiceError;
    assert.match(
      error.details,
      /^VirtualService route-set\/reviews exists, and this stack did not create it \(stack test of project test; field managers: .*meshwright.*\)\.$/m,
    );
    const properties = toStruct({
      ...inputs(reviews({ v1: 100 })),
      server: asString(state.properties['server']),
      unproven: [],
    });
    const remove = new proto.DeleteRequest().setId('another').setUrn(strange).setProperties(properties);
    const before = await live('virtualservice', 'reviews');
    await asked((done) => client.delete(remove, done));
    assert.deepEqual(await live('virtualservice', 'reviews'), before);
  });

  it('names every refused object, writes no route whose rule is missing, and returns the state of the rest', async () => {
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
      ...inputs(),
      server: state.properties['server'],
      unproven: [],
      weights: { v1: 40, v2: 60 },
      objects: serializedObjects([...versions('v1', 'v2'), reviews({ v1: 40, v2: 60 })]),
    });
    state.properties = properties;
  });

  it('reports why nothing could be created', async () => {
    const error = (await create({ ...inputs(), context: 'nobody' }).catch((caught: unknown) => caught)) as ServiceError;
    assert.equal(error.details, `the kubeconfig has no context nobody; it has ${lab.context}`);
  });

  it('keeps objects that another Route has taken over, and removes the rest', async () => {
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
    const request = new proto.DeleteRequest()
      .setId(state.id)
      .setUrn(urn)
      .setProperties(toStruct(state.properties))
      .setOldInputs(toStruct(known));
    await asked((done) => client.delete(request, done));
    assert.deepEqual(await names(), ['virtualservice reviews']);
    assert.deepEqual((await live('virtualservice', 'reviews'))?.['spec'], other['spec']);
  });

  it('reports that all objects are gone', async () => {
    await kubectl(lab, ['delete', 'virtualservice', 'reviews', '-n', space]);
    assert.deepEqual(await read(), {});
  });

  const imported = urn.replace(/reviews$/, 'imported');
  const importedObjects = (weight: number): KubernetesObject[] => [
    rule('v1', 'imported', space),
    route({ v1: weight, v2: 100 - weight }, 'imported', space),
  ];
  let importedId = '';
  let wanted: RouteInputs;
  const importedUpdate = (): proto.UpdateRequest =>
    new proto.UpdateRequest()
      .setId(importedId)
      .setUrn(imported)
      .setOlds(toStruct(state.properties))
      .setOldInputs(toStruct(known))
      .setNews(toStruct(wanted));
  const updated = async (preview = false): Promise<Properties> => {
    const response = await asked<proto.UpdateResponse>((done) =>
      client.update(importedUpdate().setPreview(preview), done),
    );
    return fromStruct(response.getProperties());
  };
  const resourceVersions = async (): Promise<unknown[]> => {
    const all = [await live('destinationrule', 'imported.v1'), await live('virtualservice', 'imported')];
    return all.map((object) => asMap(object?.['metadata'])['resourceVersion']);
  };
  let originally: unknown[];

  it('imports a Route without objects, which an update adds, since the engine does not name them', async () => {
    await kubectl(
      lab,
      ['apply', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: importedObjects(90) }),
    );
    originally = await resourceVersions();
    wanted = inputs(...importedObjects(90));
    importedId = routeId(imported, asString(state.properties['server']), space);
    const read = new proto.ReadRequest().setId(importedId).setUrn(imported);
    const response = await asked<proto.ReadResponse>((done) => client.read(read, done));
    state = { id: importedId, properties: fromStruct(response.getProperties()) };
    known = fromStruct(response.getInputs()) as unknown as RouteInputs;
    assert.deepEqual(
      { id: response.getId(), known, properties: state.properties },
      {
        id: importedId,
        known: { namespace: space, objects: {} },
        properties: { server: '', adopted: true },
      },
    );
  });

  it('takes the update of an imported Route for no move to another cluster, and tells in its preview what exists', async () => {
    const diff = new proto.DiffRequest()
      .setId(importedId)
      .setUrn(imported)
      .setOlds(toStruct(state.properties))
      .setOldInputs(toStruct(known))
      .setNews(toStruct(wanted));
    const response = await asked<proto.DiffResponse>((done) => client.diff(diff, done));
    assert.deepEqual(response.getReplacesList(), []);
    const { found } = await updated(true);
    assert.deepEqual(parsed({ objects: found })['objects'], parsed({ objects: wanted.objects })['objects']);
    assert.deepEqual(await resourceVersions(), originally);
  });

  it('writes no imported object that is as the stack states', async () => {
    const properties = await updated();
    assert.deepEqual(properties['adopted'], true);
    assert.deepEqual(await resourceVersions(), originally);
    state = { id: importedId, properties };
    known = wanted;
  });

  it('owns imported objects from then on: it writes what changes, and deletes all', async () => {
    wanted = inputs(...importedObjects(80));
    state = { id: importedId, properties: await updated() };
    known = wanted;
    const [sameRule, otherRoute] = await resourceVersions();
    assert.deepEqual([sameRule, otherRoute === originally[1]], [originally[0], false]);
    const remove = new proto.DeleteRequest()
      .setId(importedId)
      .setUrn(imported)
      .setProperties(toStruct(state.properties))
      .setOldInputs(toStruct(known));
    await asked((done) => client.delete(remove, done));
    assert.deepEqual(await names(), []);
  });

  it('stops after the engine is gone, so that it does not interfere with the next update', async () => {
    let told: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (told = resolve));
    const routes = new RouteResources(() => log);
    const { port, close } = await serve(routes, '0.0.0', () => told());
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

  it('stops when it is cancelled', async () => {
    await asked((done) => client.cancel(new Empty(), done));
    const error = (await create(inputs(reviews({ v1: 100 }))).catch((caught: unknown) => caught)) as ServiceError;
    assert.match(error.details, /cancelled/);
    assert.deepEqual(await names(), []);
  });
});

/** The state in an error, as the engine reads it. */
function incomplete(error: ServiceError): { properties: Properties; reasons: string[] } {
  const [packed] = error.metadata.get('grpc-status-details-bin');
  const [detail] = Status.deserializeBinary(packed as Buffer).getDetailsList();
  const failed = proto.ErrorResourceInitFailed.deserializeBinary(detail?.getValue_asU8() ?? new Uint8Array());
  return { properties: fromStruct(failed.getProperties()), reasons: failed.getReasonsList() };
}

/** Parses JSON strings, whose keys may be in any order. */
function parsed({ objects, ...others }: Properties): Properties {
  const texts = Object.entries(asMap(objects)).map(([title, text]) => [title, JSON.parse(String(text)) as unknown]);
  return { ...others, objects: Object.fromEntries(texts) as unknown };
}

function asString(value: unknown): string {
  assert.equal(typeof value, 'string');
  return String(value);
}
