import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';

/** The engine's own limit: a stack may have thousands of objects. */
const unlimited = { 'grpc.max_receive_message_length': 400 * 2 ** 20 };

/** The server for the engine, on the loopback interface. */
export interface Serving {
  port: number;
  close: () => void;
}

/** Serves the engine on a free port. */
export async function serveEngine(
  service: ServiceDefinition,
  implementation: UntypedServiceImplementation,
): Promise<Serving> {
  const server = new Server(unlimited);
  server.addService(service, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, close: () => server.forceShutdown() };
}

/**
 * Prints the port for the engine, which has started this process and reads its first line.
 * @param done - called after that
 */
export function announce(serving: Promise<Serving>, done: () => void = () => undefined): void {
  serving.then(
    ({ port }) => {
      // The engine stops plugins with this signal, and exit handlers still run.
      process.once('SIGINT', () => process.exit());
      // As a string, because console.log would colour a number.
      console.log(String(port));
      done();
    },
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}

/**
 * Ends this process soon after the engine that started it: a killed engine does not stop its plugins.
 * @param pause - time between two checks, in milliseconds
 */
export function endWithEngine(pause = 1000): void {
  const engine = process.ppid;
  setInterval(() => {
    if (process.ppid !== engine) process.exit();
  }, pause).unref();
}
