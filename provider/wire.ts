import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { Any } from 'google-protobuf/google/protobuf/any_pb';
import { Struct, type JavaScriptValue } from 'google-protobuf/google/protobuf/struct_pb';
import { ErrorResourceInitFailed } from '@pulumi/pulumi/proto/provider_pb';
import { Status } from '@pulumi/pulumi/proto/status_pb';
import { IncompleteError } from './route-set';

/** Properties as the engine sends them. */
export function fromStruct(struct: Struct | undefined): Record<string, unknown> {
  return struct?.toJavaScript() ?? {};
}

/** Properties as the engine takes them; what is undefined is left out. */
export function toStruct(properties: object): Struct {
  const plain = JSON.parse(JSON.stringify(properties)) as Record<string, JavaScriptValue>;
  return Struct.fromJavaScript(plain);
}

/** An error as the engine understands it. With the state of what is there, when that is not nothing: gRPC has a field of metadata for such details. */
export function toServiceError(error: unknown): ServiceError {
  const message = error instanceof Error ? error.message : String(error);
  const metadata = new Metadata();
  if (error instanceof IncompleteError) {
    const detail = new ErrorResourceInitFailed();
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
