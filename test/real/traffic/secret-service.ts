import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { Certificate } from '../../../cluster/lab/control-plane/certificates';

/** A proxy's certificate, and the authority by which it judges others. */
export interface Identity extends Certificate {
  authorityPem: string;
}

export interface SecretService {
  port: number;
  stop: () => Promise<void>;
}

const secretType = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';

/**
 * Plays the part of pilot-agent that hands a proxy its certificates: Envoy's SecretDiscoveryService, on 127.0.0.1, with the two secrets that istiod's configuration asks for,
 * `default` and `ROOTCA`. gRPC is HTTP/2 with length-prefixed messages, of which these need no more than the few fields below.
 */
export async function startSecretService(identity: Identity): Promise<SecretService> {
  const server = createServer();
  server.on('stream', (stream) => serve(stream, identity));
  const port = await listening(server);
  return {
    port,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function listening(server: Http2Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

/** Answers the first request of a stream; what follows are acknowledgements, for nothing changes. */
function serve(stream: ServerHttp2Stream, identity: Identity): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
  let received = Buffer.alloc(0);
  let answered = false;
  stream.on('error', () => undefined); // Envoy is stopped while its stream is open.
  stream.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (answered || received.length < 5 || received.length < 5 + received.readUInt32BE(1)) return;
    answered = true;
    const names = strings(received.subarray(5, 5 + received.readUInt32BE(1)), 3);
    stream.write(framed(response(names, identity)));
  });
}

/** DiscoveryResponse: version_info 1, resources 2, type_url 4, nonce 5. A resource is an Any: type_url 1, value 2. */
function response(names: string[], identity: Identity): Buffer {
  const resources = names.map((name) => field(2, field(1, secretType), field(2, secret(name, identity))));
  return Buffer.concat([field(1, '1'), ...resources, field(4, secretType), field(5, '1')]);
}

/** Secret: name 1, tls_certificate 2 with certificate_chain 1 and private_key 2, validation_context 4 with trusted_ca 1. A DataSource holds inline_string as 3. */
function secret(name: string, { certificatePem, keyPem, authorityPem }: Identity): Buffer {
  const content =
    name === 'ROOTCA'
      ? field(4, field(1, field(3, authorityPem)))
      : field(2, field(1, field(3, certificatePem)), field(2, field(3, keyPem)));
  return Buffer.concat([field(1, name), content]);
}

/** A protobuf field of bytes, text or a message. */
function field(number: number, ...parts: (Buffer | string)[]): Buffer {
  const bytes = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  return value < 0x80 ? Buffer.of(value) : Buffer.concat([Buffer.of((value & 0x7f) | 0x80), varint(value >>> 7)]);
}

/** The texts of one field of a message whose other fields are of bytes or numbers. */
function strings(message: Buffer, wanted: number): string[] {
  const found: string[] = [];
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = number();
    const length = number(); // Of bytes; of a number, it is the number itself.
    if ((tag & 7) !== 2) continue;
    if (tag >>> 3 === wanted) found.push(message.toString('utf8', at, at + length));
    at += length;
  }
  return found;
}

function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
