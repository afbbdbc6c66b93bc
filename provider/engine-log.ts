import { credentials } from '@grpc/grpc-js';
import { EngineClient } from '@pulumi/pulumi/proto/engine_grpc_pb';
import { LogRequest, LogSeverity } from '@pulumi/pulumi/proto/engine_pb';

/** Messages about a resource, as Pulumi prints them. */
export interface LogMessage {
  info(line: string): void;
  /** A line that the next one replaces. It is not sent if the next one comes before its turn. */
  progress(line: string): void;
  /** A warning that is printed once in a run. */
  warnOnce(line: string): void;
  /** Waits until the engine has all lines but those of progress: it drops lines that arrive after the end of an operation. */
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
    /** The line of progress that waits for its turn. */
    let waiting: string | undefined;
    let sent = Promise.resolve();
    const say = (line: string, severity: Severity): void => {
      waiting = undefined;
      sent = this.say(() => requestOf(urn, line, severity));
    };
    return {
      info: (line) => say(line, LogSeverity.INFO),
      progress: (line) => {
        const isQueued = waiting !== undefined;
        waiting = line;
        if (isQueued) return;
        void this.say(() => {
          const request = waiting === undefined ? undefined : requestOf(urn, waiting, LogSeverity.INFO);
          waiting = undefined;
          return request?.setEphemeral(true);
        });
      },
      warnOnce: (line) => {
        if (warned.has(line)) return;
        warned.add(line);
        say(line, LogSeverity.WARNING);
      },
      flush: () => {
        waiting = undefined;
        return sent;
      },
    };
  }

  /** @param next - the line to send when its turn comes; undefined if it is no longer needed */
  private say(next: () => LogRequest | undefined): Promise<void> {
    this.last = this.last.then(async () => {
      const request = next();
      // The work continues even if the engine has ended.
      if (request !== undefined) await new Promise<void>((resolve) => void this.client.log(request, () => resolve()));
    });
    return this.last;
  }
}

type Severity = Parameters<LogRequest['setSeverity']>[0];

function requestOf(urn: string, line: string, severity: Severity): LogRequest {
  return new LogRequest().setUrn(urn).setMessage(line).setSeverity(severity);
}
