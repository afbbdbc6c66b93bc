import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { stubs, type StubPod } from './stub-apps';

/** A stub at an address of its own. */
export interface PlacedPod extends StubPod {
  address: string;
  ports: number[];
}

/** The stubs that play the pods of the state in force. */
export class StubServers {
  private running = new Map<string, Server[]>();
  /** Requests that each pod got and how it answered, since the state came into force. */
  readonly log: { pod: string; path: string; body: string; status: number }[] = [];

  /** Starts what is new, stops what is gone; what stays keeps its connections. */
  async become(pods: readonly PlacedPod[]): Promise<void> {
    const wanted = new Set(pods.map(({ name }) => name));
    for (const name of [...this.running.keys()].filter((pod) => !wanted.has(pod))) await this.stopPod(name);
    for (const pod of pods.filter(({ name }) => !this.running.has(name))) {
      this.running.set(pod.name, await Promise.all(pod.ports.map((port) => this.listen(pod, port))));
    }
    this.log.length = 0;
  }

  async stop(): Promise<void> {
    for (const name of [...this.running.keys()]) await this.stopPod(name);
  }

  private async stopPod(name: string): Promise<void> {
    for (const server of this.running.get(name) ?? []) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    this.running.delete(name);
  }

  private listen(pod: PlacedPod, port: number): Promise<Server> {
    const stub = stubs[pod.labels['app'] ?? ''];
    if (stub === undefined) throw new Error(`no stub plays ${pod.name}`);
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      void text(request)
        .then(async (body) => ({ body, answer: await stub({ path, headers: request.headers, body }, pod) }))
        .then(({ body, answer: { status = 200, headers = {}, body: answer } }) => {
          this.log.push({ pod: pod.name, path, body, status });
          response.writeHead(status, headers);
          response.end(answer);
        })
        .catch(() => response.destroy());
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, pod.address, () => resolve(server));
    });
  }
}
