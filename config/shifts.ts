import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asList, asMap, asString } from '../mesh/json';

/** Environment variable with the folder of the journals, for a stack file that is not in the working directory. */
export const journalsVariable = 'MESHWRIGHT_JOURNALS';

/** The folder of a stack's journals: `.meshwright/<stack>/` beside its stack file. */
export function journalsFolder(folder: string, stack: string): string {
  return join(folder, '.meshwright', stack);
}

/**
 * What the stack's outputs say about the last shift of each route, for readers without the journals: the step, the
 * config before and after, the figures and the decisions until now. Options stay out, as the URL of a webhook may be secret.
 * @param folder - see {@link journalsFolder}
 */
export function shiftSummaries(folder: string): Record<string, object> {
  const shifts = join(folder, 'shifts');
  if (!existsSync(shifts)) return {};
  const files = readdirSync(shifts)
    .filter((name) => name.endsWith('.json'))
    .sort();
  return Object.fromEntries(
    files.flatMap((name) => {
      const journal = asMap(JSON.parse(readFileSync(join(shifts, name), 'utf8')));
      const summary = summaryOf(journal);
      return asList(journal['routes']).map((route) => [asString(route) ?? '', summary]);
    }),
  );
}

function summaryOf({ id, phase, at, steps, target, log, why }: Record<string, unknown>): object {
  const states = asList(steps).map((step) => asMap(step));
  return {
    id,
    phase,
    step: at,
    steps: states.length - 1,
    label: states[Number(at)]?.['label'],
    before: states[0]?.['routes'],
    now: states[Number(at)]?.['routes'],
    target,
    ...(why === undefined ? {} : { why }),
    record: log,
  };
}
