import { asMap, type JsonMap } from '../../model/json';

/**
 * A section of a stack file of Meshwright, such as `policy`, in clear.
 * @returns an empty one where there is none, as in any other program's stack file
 */
export function stackFileSection(name: string): JsonMap {
  try {
    // As the engine hands a stack's configuration to whatever it starts.
    const config = JSON.parse(process.env['PULUMI_CONFIG'] ?? '{}') as Record<string, string>;
    return asMap(JSON.parse(config[`meshwright:${name}`] ?? '{}'));
  } catch {
    // Not JSON, or no configuration at all: the program that owns the section says so.
    return {};
  }
}
