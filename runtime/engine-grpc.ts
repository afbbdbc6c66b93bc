import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';

/** As large as the engine's own limit: a stack, or a set of routes, may hold thousands of objects. */
const unlimited = { 'grpc.max_receive_message_length': 400 * 2 ** 20 };

/** Where the engine is served, on the loopback interface. */
export interface Serving {
  port: number;
  close: () => void;
}

/** Serves the engine at a port of its own. */
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
 * Says the port to the engine, which has started this process and reads its first line.
 * @param done - what follows when it is said
 */
export function announce(serving: Promise<Serving>, done: () => void = () => undefined): void {
  serving.then(
    ({ port }) => {
      // How the engine ends it: what is to be done at the end is done.
      process.once('SIGINT', () => process.exit());
      // On stdout; a number would be coloured.
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
 * Ends this process soon after the engine that has started it: a killed engine ends without stopping its plugins.
 * @param pause - between two looks, in milliseconds
 */
export function endWithEngine(pause = 1000): void {
  const engine = process.ppid;
  setInterval(() => {
    if (process.ppid !== engine) process.exit();
  }, pause).unref();
}
