import { asMap, type JsonMap } from '../../mesh/model/json';

const prefix = 'meshwright:';

/** The sections of a stack file of Meshwright, in clear; none for any other program's. What cannot be read is left out: the program that owns it says so. */
export function stackFile(): JsonMap {
  // As the engine hands a stack's configuration to whatever it starts.
  const config = asMap(parsed(process.env['PULUMI_CONFIG']));
  const own = Object.entries(config).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), parsed(value)]));
}

function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
