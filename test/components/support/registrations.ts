import { credentials } from '@grpc/grpc-js';
import * as pulumi from '@pulumi/pulumi';
import { CallbacksClient } from '@pulumi/pulumi/proto/callback_grpc_pb';
import { CallbackInvokeRequest, type Callback, type CallbackInvokeResponse } from '@pulumi/pulumi/proto/callback_pb';
import {
  TransformRequest,
  TransformResourceOptions,
  TransformResponse,
  type RegisterResourceRequest,
} from '@pulumi/pulumi/proto/resource_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { asked } from '../../support/asked';

/** A registration request to the engine, after Pulumi's SDK has resolved everything. */
export interface Registration {
  type: string;
  name: string;
  /** Name of the parent; undefined for the top level. */
  parent?: string;
  /** Secrets are written as `{ secret: value }`, resources as `{ resource: name }`. */
  inputs: Record<string, unknown>;
  /** Names of the resources that it waits for, sorted. */
  dependsOn: string[];
  /** Other options, if given. */
  options: Record<string, unknown>;
  /** The arguments of `registerOutputs`; undefined for a component that never calls it. */
  outputs?: Record<string, unknown>;
}

interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getObject(): { toJavaScript(): Record<string, unknown> };
  getDependenciesList(): string[];
  getDeletedwith(): string;
  getRetainondelete(): boolean;
  getDeletebeforereplacedefined(): boolean;
  getIgnorechangesList(): string[];
  getReplaceonchangesList(): string[];
  getCustomtimeouts(): { toObject(): object } | undefined;
  getHooks(): { getBeforeCreateList(): string[] } | undefined;
  getAliasesList(): { getSpec(): { getType(): string; getName(): string } | undefined }[];
}

interface OutputsRequest {
  getUrn(): string;
  getOutputs(): { toJavaScript(): Record<string, unknown> };
}

type Handler<T> = (request: T, callback: (error: unknown, response: unknown) => void) => unknown;

/**
 * Runs a piece of a Pulumi program against Pulumi's own mocks and returns what it registers, in order. Ends when all
 * registrations are complete, without waiting for a time.
 * @param program - throws the program's errors
 */
export async function registrations(program: () => unknown): Promise<Registration[]> {
  const found: Registration[] = [];
  const mocks: pulumi.runtime.Mocks = {
    newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: inputs as Record<string, unknown> }),
    call: ({ inputs }) => inputs as Record<string, unknown>,
  };
  await pulumi.runtime.setMocks(mocks, 'project', 'stack', false, 'organization');
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource: Handler<Request>;
    registerResourceOutputs: Handler<OutputsRequest>;
    registerResourceHook: Handler<unknown>;
    registerStackTransform: Handler<Callback>;
  };
  // The mocks claim to support hooks, but do not answer.
  monitor.registerResourceHook = (_, callback) => callback(null, new Empty());
  const transforms: Callback[] = [];
  monitor.registerStackTransform = (transform, callback) => {
    transforms.push(transform);
    callback(null, new Empty());
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    const added = request.getType() === 'pulumi:pulumi:Stack' ? [] : [found.push(registration(request)) - 1];
    transformed(request as unknown as RegisterResourceRequest, transforms).then(
      () => {
        for (const index of added) found[index] = registration(request);
        register(request, callback);
      },
      (error: unknown) => callback(error, undefined),
    );
    return undefined;
  };
  const registerOutputs = monitor.registerResourceOutputs.bind(monitor);
  monitor.registerResourceOutputs = (request, callback) => {
    const component = found.find(({ name, type }) => request.getUrn().endsWith(`${type}::${name}`));
    if (component !== undefined)
      component.outputs = readable(request.getOutputs().toJavaScript()) as Registration['outputs'] & object;
    return registerOutputs(request, callback);
  };
  try {
    await program();
  } finally {
    await pulumi.runtime.disconnect(false);
  }
  return found;
}

/** Applies transforms as the engine does: it sends properties and hooks to the program, and uses the returned ones. */
async function transformed(request: RegisterResourceRequest, transforms: readonly Callback[]): Promise<void> {
  for (const transform of transforms) {
    const task = new TransformRequest()
      .setType(request.getType())
      .setName(request.getName())
      .setCustom(request.getCustom())
      .setProperties(request.getObject())
      .setOptions(new TransformResourceOptions().setHooks(request.getHooks()));
    const client = new CallbacksClient(transform.getTarget(), credentials.createInsecure());
    const invoke = new CallbackInvokeRequest().setToken(transform.getToken()).setRequest(task.serializeBinary());
    const response = await asked<CallbackInvokeResponse>((done) => client.invoke(invoke, done));
    client.close();
    const result = TransformResponse.deserializeBinary(response.getResponse_asU8());
    request.setObject(result.getProperties()).setHooks(result.getOptions()?.getHooks());
  }
}

function registration(request: Request): Registration {
  const parent = request.getParent();
  const customTimeouts = request.getCustomtimeouts()?.toObject();
  return {
    type: request.getType(),
    name: request.getName(),
    ...(parent === '' || parent.includes('pulumi:pulumi:Stack') ? {} : { parent: nameOf(parent) }),
    inputs: readable(request.getObject().toJavaScript()) as Record<string, unknown>,
    dependsOn: request.getDependenciesList().map(nameOf).sort(),
    options: stated({
      deletedWith: nameOf(request.getDeletedwith()),
      retainOnDelete: request.getRetainondelete(),
      deleteBeforeReplaceDefined: request.getDeletebeforereplacedefined(),
      ignoreChanges: request.getIgnorechangesList(),
      replaceOnChanges: request.getReplaceonchangesList(),
      beforeCreate: request.getHooks()?.getBeforeCreateList(),
      customTimeouts: customTimeouts === undefined ? {} : stated(customTimeouts),
      aliases: request.getAliasesList().map((alias) => alias.getSpec()?.getType() || alias.getSpec()?.getName()),
    }),
  };
}

function nameOf(urn: string): string {
  return urn.split('::').slice(3).join('::');
}

/** Without the default values of protobuf. */
function stated(fields: object): Record<string, unknown> {
  const empty = (value: unknown): boolean =>
    value === undefined ||
    value === '' ||
    value === false ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !empty(value)));
}

/** Key by which Pulumi's wire format marks a special value, and the marks of a secret and of a resource. */
const special = '4dabf18193072939515e22adb298388d';
const secretMark = '1b47061264138c4ac30d75fd1eb44270';
const resourceMark = '5cf8f73096256a8f31e491e813e4eb8e';

function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Record<string, unknown>;
  if (fields[special] === secretMark) return { secret: readable(fields['value']) };
  if (fields[special] === resourceMark) return { resource: nameOf(String(fields['urn'])) };
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, readable(field)]));
}
