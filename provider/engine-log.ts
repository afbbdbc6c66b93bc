import { credentials } from '@grpc/grpc-js';
import { EngineClient } from '@pulumi/pulumi/proto/engine_grpc_pb';
import { LogRequest, LogSeverity } from '@pulumi/pulumi/proto/engine_pb';

/** Messages about a resource, as Pulumi prints them. */
export interface LogMessage {
  info(line: string): void;
  /** A line that the next one replaces. */
  progress(line: string): void;
  /** A warning that is printed once in a run. */
  warnOnce(line: string): void;
  /** Waits until the engine has all lines: it drops lines that arrive after the end of an operation. */
  flush(): Promise<void>;
}

const warned = new Set<string>();

/** The log of Pulumi's engine. */
export class EngineLog {
  private readonly client: EngineClient;
  /**
   * The line that is being sent: lines are sent one after the other, since concurrent calls may overtake each other.
   */
  private last = Promise.resolve();

  /** @param address - the engine's, which the provider gets as an argument */
  constructor(address: string) {
    this.client = new EngineClient(address, credentials.createInsecure());
  }

  of(urn: string): LogMessage {
    return {
      info: (line) => this.say(urn, line, LogSeverity.INFO),
      progress: (line) => this.say(urn, line, LogSeverity.INFO, true),
      warnOnce: (line) => {
        if (warned.has(line)) return;
        warned.add(line);
        this.say(urn, line, LogSeverity.WARNING);
      },
      flush: () => this.last,
    };
  }

  private say(urn: string, line: string, severity: LogSeverity, ephemeral = false): void {
    const request = new LogRequest();
    request.setUrn(urn).setMessage(line).setSeverity(severity).setEphemeral(ephemeral);
    // The work continues even if the engine has ended.
    const send = (): Promise<void> => new Promise((resolve) => void this.client.log(request, () => resolve()));
    this.last = this.last.then(send);
  }
}
