import { isDeepStrictEqual } from 'node:util';
import { status, type sendUnaryData, type ServerUnaryCall, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { ResourceProviderService } from '@pulumi/pulumi/proto/provider_grpc_pb';
import * as proto from '@pulumi/pulumi/proto/provider_pb';
import { PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import type { RouteSetInputs } from '../mesh/manifests/route-set';
import { changeFailures, inputProblems } from './check';
import { diffOf, type Kind } from './diff';
import type { RouteSets } from './route-set';
import type { RouteSetState } from './set';
import { serveEngine, type Serving } from '../runtime/engine-grpc';
import { fromStruct, toServiceError, toStruct } from './wire';

const { PropertyDiff, DiffResponse } = proto;
const kinds: Record<Kind, proto.PropertyDiff.Kind> = {
  add: PropertyDiff.Kind.ADD,
  delete: PropertyDiff.Kind.DELETE,
  update: PropertyDiff.Kind.UPDATE,
  'update-replace': PropertyDiff.Kind.UPDATE_REPLACE,
};

/**
 * Serves the engine. Pulumi's SDK has a server for providers, too, which hands over neither previews nor differences by field.
 * @param gone - told when an engine has died in the middle of a call, and what it had asked for is left as it then was: the next update must not find somebody else at work
 */
export function serve(sets: RouteSets, version: string, gone: () => void = () => undefined): Promise<Serving> {
  return serveEngine(ResourceProviderService, implementation(sets, version, gone));
}

function implementation(sets: RouteSets, version: string, gone: () => void): UntypedServiceImplementation {
  const left = (): void => sets.cancel();
  const answer = <Request, Response>(work: (request: Request) => Response | Promise<Response>) =>
    answering(work, left, gone);
  return {
    getPluginInfo: answer(() => new PluginInfo().setVersion(version)),
    getSchema: answer(() => new proto.GetSchemaResponse().setSchema('{}')),
    configure: answer(() => new proto.ConfigureResponse().setSupportspreview(true)),
    attach: answer(() => new Empty()),
    cancel: answer(() => {
      sets.cancel();
      return new Empty();
    }),
    check: answer(check),
    diff: answer((request: proto.DiffRequest) => diff(sets, request)),
    create: answer((request: proto.CreateRequest) => create(sets, request)),
    update: answer((request: proto.UpdateRequest) => update(sets, request)),
    delete: answer((request: proto.DeleteRequest) => remove(sets, request)),
    read: answer((request: proto.ReadRequest) => read(sets, request)),
    ...Object.fromEntries(
      [
        'handshake',
        'parameterize',
        'checkConfig',
        'diffConfig',
        'invoke',
        'call',
        'construct',
        'getMapping',
        'getMappings',
      ].map((name) => [name, unimplemented]),
    ),
  };
}

function answering<Request, Response>(
  work: (request: Request) => Response | Promise<Response>,
  left: () => void,
  gone: () => void,
) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    let answered = false;
    let alone = false;
    // Comes for a call that was answered, too.
    call.once('cancelled', () => {
      if (answered) return;
      alone = true;
      left();
    });
    const done = async (): Promise<Response> => work(call.request);
    const end = (error: ReturnType<typeof toServiceError> | null, response?: Response): void => {
      answered = true;
      callback(error, response);
      if (alone) gone();
    };
    done().then(
      (response) => end(null, response),
      (error: unknown) => end(toServiceError(error)),
    );
  };
}

function unimplemented(_call: unknown, callback: sendUnaryData<never>): void {
  callback({ code: status.UNIMPLEMENTED, details: 'a route set does not do this' });
}

function check(request: proto.CheckRequest): proto.CheckResponse {
  const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
  const problems = inputProblems(news);
  const isSame = isDeepStrictEqual(olds, news);
  const before =
    isSame || Object.keys(olds).length === 0 || inputProblems(olds).length > 0 ? undefined : inputsOf(olds);
  const failures = problems.length > 0 ? problems : changeFailures(before, inputsOf(news));
  const list = failures.map(({ property, reason }) => new proto.CheckFailure().setProperty(property).setReason(reason));
  return new proto.CheckResponse().setInputs(request.getNews()).setFailuresList(list);
}

function diff(sets: RouteSets, request: proto.DiffRequest): proto.DiffResponse {
  const [before, after] = [stateOf(fromStruct(request.getOlds())), inputsOf(fromStruct(request.getNews()))];
  const renamed = before.kubeconfig !== after.kubeconfig || before.context !== after.context;
  const server = renamed ? sets.serverOf(after) : undefined;
  const found = Object.entries(diffOf(before, after, server !== undefined && server !== before.server));
  const response = new DiffResponse();
  response.setChanges(found.length > 0 ? DiffResponse.DiffChanges.DIFF_SOME : DiffResponse.DiffChanges.DIFF_NONE);
  response
    .setHasdetaileddiff(true)
    .setReplacesList(found.filter(([, kind]) => kind === 'update-replace').map(([path]) => path));
  response.setDiffsList([...new Set(found.map(([path]) => /^\w+/.exec(path)?.[0] ?? path))]);
  const map = response.getDetaileddiffMap();
  for (const [path, kind] of found) map.set(path, new PropertyDiff().setKind(kinds[kind]).setInputdiff(false));
  return response;
}

async function create(sets: RouteSets, request: proto.CreateRequest): Promise<proto.CreateResponse> {
  const inputs = inputsOf(fromStruct(request.getProperties()));
  if (request.getPreview()) {
    await sets.preview({}, inputs);
    return new proto.CreateResponse().setProperties(toStruct(inputs));
  }
  const { id, state } = await sets.create(request.getUrn(), inputs);
  return new proto.CreateResponse().setId(id).setProperties(toStruct(state));
}

async function update(sets: RouteSets, request: proto.UpdateRequest): Promise<proto.UpdateResponse> {
  const [before, inputs] = [stateOf(fromStruct(request.getOlds())), inputsOf(fromStruct(request.getNews()))];
  if (request.getPreview()) {
    await sets.preview(before.objects, inputs);
    return new proto.UpdateResponse().setProperties(toStruct({ ...before, ...inputs, unproven: [] }));
  }
  const state = await sets.update(request.getId(), request.getUrn(), before, inputs);
  return new proto.UpdateResponse().setProperties(toStruct(state));
}

async function remove(sets: RouteSets, request: proto.DeleteRequest): Promise<Empty> {
  await sets.delete(request.getId(), request.getUrn(), stateOf(fromStruct(request.getProperties())));
  return new Empty();
}

async function read(sets: RouteSets, request: proto.ReadRequest): Promise<proto.ReadResponse> {
  const properties = fromStruct(request.getProperties());
  if (properties['objects'] === undefined)
    throw new Error(
      'a route set cannot be imported: write its routes in the stack file, and the next update takes them over',
    );
  const state = await sets.read(request.getId(), stateOf(properties));
  if (state === undefined) return new proto.ReadResponse();
  return new proto.ReadResponse().setId(request.getId()).setProperties(toStruct(state)).setInputs(request.getInputs());
}

/** Checked before, so that they are what they say. */
function inputsOf(properties: Record<string, unknown>): RouteSetInputs {
  return properties as unknown as RouteSetInputs;
}

function stateOf(properties: Record<string, unknown>): RouteSetState {
  return { unproven: [], server: '', ...inputsOf(properties) };
}
