import { credentials } from '@grpc/grpc-js';
import { EngineClient } from '@pulumi/pulumi/proto/engine_grpc_pb';
import { LogRequest, LogSeverity } from '@pulumi/pulumi/proto/engine_pb';

/** What a user of the engine hears from a resource. */
export interface Log {
  info(line: string): void;
  /** A line that the next one may replace. */
  progress(line: string): void;
  /** The same words are said once in a run. */
  warnOnce(line: string): void;
}

const warned = new Set<string>();

/** The engine's own log. */
export class EngineLog {
  private readonly client: EngineClient;

  /** @param address - of the engine, as it starts the provider with */
  constructor(address: string) {
    this.client = new EngineClient(address, credentials.createInsecure());
  }

  of(urn: string): Log {
    return {
      info: (line) => this.say(urn, line, LogSeverity.INFO),
      progress: (line) => this.say(urn, line, LogSeverity.INFO, true),
      warnOnce: (line) => {
        if (warned.has(line)) return;
        warned.add(line);
        this.say(urn, line, LogSeverity.WARNING);
      },
    };
  }

  private say(urn: string, line: string, severity: LogSeverity, ephemeral = false): void {
    const request = new LogRequest();
    request.setUrn(urn).setMessage(line).setSeverity(severity).setEphemeral(ephemeral);
    // Nobody there to listen is no reason to stop.
    this.client.log(request, () => undefined);
  }
}
