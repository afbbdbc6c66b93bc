import { isDeepStrictEqual } from 'node:util';
import {
  Metadata,
  status,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceError,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { Any } from 'google-protobuf/google/protobuf/any_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { Struct, type JavaScriptValue } from 'google-protobuf/google/protobuf/struct_pb';
import { ResourceProviderService } from '@pulumi/pulumi/proto/provider_grpc_pb';
import * as proto from '@pulumi/pulumi/proto/provider_pb';
import { PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import { Status } from '@pulumi/pulumi/proto/status_pb';
import type { RouteInputs } from '../mesh/manifests/route-set';
import type { CheckFailure } from './check';
import { diffOf, type DiffKind } from './diff';
import { isImported, type RouteState } from './route-state';
import { IncompleteError, type RouteResources } from './routes';
import schema from './schema.json';
import { serveEngine, type Serving } from '../runtime/engine-grpc';

const { PropertyDiff, DiffResponse } = proto;
const kinds: Record<DiffKind, proto.PropertyDiff.Kind> = {
  add: PropertyDiff.Kind.ADD,
  delete: PropertyDiff.Kind.DELETE,
  update: PropertyDiff.Kind.UPDATE,
  'update-replace': PropertyDiff.Kind.UPDATE_REPLACE,
};

/**
 * Serves the engine. Pulumi's SDK has a server for providers too, but it hides previews and differences by property.
 * @param gone - called if the engine has died during a call, after the call has ended: this process must not interfere
 * with the next update
 */
export function serve(routes: RouteResources, version: string, gone: () => void = () => undefined): Promise<Serving> {
  return serveEngine(ResourceProviderService, implementation(routes, version, gone));
}

function implementation(routes: RouteResources, version: string, gone: () => void): UntypedServiceImplementation {
  const left = (): void => routes.cancel();
  const answer = <Request, Response>(work: (request: Request) => Response | Promise<Response>) =>
    answering(work, left, gone);
  return {
    getPluginInfo: answer(() => new PluginInfo().setVersion(version)),
    getSchema: answer(() => new proto.GetSchemaResponse().setSchema(JSON.stringify({ ...schema, version }))),
    configure: answer(() => new proto.ConfigureResponse().setSupportspreview(true)),
    attach: answer(() => new Empty()),
    cancel: answer(() => {
      routes.cancel();
      return new Empty();
    }),
    check: answer(check),
    diff: answer((request: proto.DiffRequest) => diff(routes, request)),
    create: answer((request: proto.CreateRequest) => create(routes, request)),
    update: answer((request: proto.UpdateRequest) => update(routes, request)),
    delete: answer((request: proto.DeleteRequest) => remove(routes, request)),
    read: answer((request: proto.ReadRequest) => read(routes, request)),
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
    // gRPC also emits this for answered calls.
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
  callback({ code: status.UNIMPLEMENTED, details: 'Routes do not support this' });
}

async function check(request: proto.CheckRequest): Promise<proto.CheckResponse> {
  const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
  const list = (await failures(olds, news)).map(({ property, reason }) =>
    new proto.CheckFailure().setProperty(property).setReason(reason),
  );
  return new proto.CheckResponse().setInputs(request.getNews()).setFailuresList(list);
}

/** Mistakes in new inputs. Deployed inputs are not checked again. */
async function failures(olds: Record<string, unknown>, news: Record<string, unknown>): Promise<CheckFailure[]> {
  if (isDeepStrictEqual(olds, news)) return [];
  // Most runs change few routes or none, and the rules are a large part of this program.
  const { changeFailures, findingFailures, inputFailures } = await import('./check.js');
  const malformed = inputFailures(news);
  if (malformed.length > 0) return malformed;
  const isNew = Object.keys(olds).length === 0 || inputFailures(olds).length > 0;
  return [...findingFailures(inputsOf(news)), ...changeFailures(isNew ? undefined : inputsOf(olds), inputsOf(news))];
}

function diff(routes: RouteResources, request: proto.DiffRequest): proto.DiffResponse {
  const [before, after] = [stateOf(request.getOlds(), request.getOldInputs()), inputsOf(fromStruct(request.getNews()))];
  const renamed = before.kubeconfig !== after.kubeconfig || before.context !== after.context;
  const server = renamed ? routes.serverOf(after) : undefined;
  const moves = server !== undefined && server !== before.server && !isImported(before);
  const found = Object.entries(diffOf(before, after, moves));
  const response = new DiffResponse();
  response.setChanges(found.length > 0 ? DiffResponse.DiffChanges.DIFF_SOME : DiffResponse.DiffChanges.DIFF_NONE);
  response
    .setHasdetaileddiff(true)
    .setReplacesList(found.filter(([, kind]) => kind === 'update-replace').map(([path]) => path));
  response.setDiffsList([...new Set(found.map(([path]) => /^\w+/.exec(path)?.[0] ?? path))]);
  const map = response.getDetaileddiffMap();
  // The engine looks up the old value in the old inputs, or in the old state.
  const state = fromStruct(request.getOlds());
  for (const [path, kind] of found) {
    const isInput = state[/^\w+/.exec(path)?.[0] ?? path] === undefined;
    map.set(path, new PropertyDiff().setKind(kinds[kind]).setInputdiff(isInput));
  }
  return response;
}

async function create(routes: RouteResources, request: proto.CreateRequest): Promise<proto.CreateResponse> {
  const inputs = inputsOf(fromStruct(request.getProperties()));
  if (request.getPreview()) {
    await routes.preview(request.getUrn(), inputs);
    return new proto.CreateResponse().setProperties(toOutputs(inputs, inputs));
  }
  const { id, state } = await routes.create(request.getUrn(), inputs);
  return new proto.CreateResponse().setId(id).setProperties(toOutputs(state, inputs));
}

async function update(routes: RouteResources, request: proto.UpdateRequest): Promise<proto.UpdateResponse> {
  const [before, inputs] = [
    stateOf(request.getOlds(), request.getOldInputs()),
    inputsOf(fromStruct(request.getNews())),
  ];
  if (request.getPreview()) {
    const planned = await routes.preview(request.getUrn(), inputs, request.getId(), before);
    const state = planned ?? { ...before, ...inputs, unproven: [] };
    return new proto.UpdateResponse().setProperties(toOutputs(state, inputs));
  }
  const state = await routes.update(request.getId(), request.getUrn(), before, inputs);
  return new proto.UpdateResponse().setProperties(toOutputs(state, inputs));
}

async function remove(routes: RouteResources, request: proto.DeleteRequest): Promise<Empty> {
  await routes.delete(request.getId(), request.getUrn(), stateOf(request.getProperties(), request.getOldInputs()));
  return new Empty();
}

async function read(routes: RouteResources, request: proto.ReadRequest): Promise<proto.ReadResponse> {
  const before = stateOf(request.getProperties(), request.getInputs());
  if ((before.objects as unknown) === undefined) return importOf(request);
  // Of an import that was interrupted, the cluster says nothing yet.
  const state = isImported(before) ? before : await routes.read(before);
  if (state === undefined) return new proto.ReadResponse();
  const inputs = inputsOf(fromStruct(request.getInputs()));
  return new proto.ReadResponse()
    .setId(request.getId())
    .setProperties(toOutputs(state, inputs))
    .setInputs(request.getInputs());
}

/** An import of a Route. The engine does not pass the wanted objects, so it has none until the update that follows. */
function importOf(request: proto.ReadRequest): proto.ReadResponse {
  const [, , , name = ''] = request.getUrn().split('::');
  const inputs: RouteInputs = { namespace: name.split('/')[0] ?? '', objects: {} };
  const state: RouteState = { ...inputs, server: '', unproven: [], adopted: true };
  return new proto.ReadResponse()
    .setId(request.getId())
    .setInputs(toStruct(inputs))
    .setProperties(toOutputs(state, inputs));
}

/** `check` has validated the inputs. */
function inputsOf(properties: Record<string, unknown>): RouteInputs {
  return properties as unknown as RouteInputs;
}

/** The opposite of toOutputs. States of older versions repeat the inputs in the outputs. */
function stateOf(outputs: Struct | undefined, inputs: Struct | undefined): RouteState {
  return { unproven: [], server: '', ...inputsOf({ ...fromStruct(inputs), ...fromStruct(outputs) }) };
}

/**
 * A state for the engine. It has what the inputs do not say, because Pulumi writes the whole state of a stack at each
 * step; and the weights, which other policy packs and a refresh read.
 */
function toOutputs({ unproven = [], ...state }: Partial<RouteState>, inputs: RouteInputs): Struct {
  const stated: Record<string, unknown> = { ...inputs };
  const own = Object.entries(state).filter(
    ([key, value]) => key === 'weights' || !isDeepStrictEqual(value, stated[key]),
  );
  return toStruct({ ...Object.fromEntries(own), ...(unproven.length === 0 ? {} : { unproven }) });
}

/** Properties as the engine sends them. */
export function fromStruct(struct: Struct | undefined): Record<string, unknown> {
  return struct?.toJavaScript() ?? {};
}

/** Properties as the engine takes them, without undefined ones. */
export function toStruct(properties: object): Struct {
  const plain = JSON.parse(JSON.stringify(properties)) as Record<string, JavaScriptValue>;
  return Struct.fromJavaScript(plain);
}

/**
 * An error for the engine. For an incomplete Route it includes the state, in the metadata field that gRPC has for error
 * details.
 */
function toServiceError(error: unknown): ServiceError {
  const message = error instanceof Error ? error.message : String(error);
  const metadata = new Metadata();
  if (error instanceof IncompleteError) {
    const detail = new proto.ErrorResourceInitFailed();
    detail
      .setId(error.id)
      .setProperties(toStruct(error.state))
      .setReasonsList([...error.reasons]);
    const any = new Any();
    any.pack(detail.serializeBinary(), 'pulumirpc.ErrorResourceInitFailed');
    const details = new Status().setCode(status.UNKNOWN).setMessage(message);
    details.addDetails(any);
    metadata.add('grpc-status-details-bin', Buffer.from(details.serializeBinary()));
  }
  return Object.assign(new Error(message), { code: status.UNKNOWN, details: message, metadata });
}
