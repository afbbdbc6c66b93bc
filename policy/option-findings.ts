import type { Finding } from './finding';
import { levels } from './finding';
import { nearest } from './nearest';
import type { CheckOptions } from './options';
import { everyRule } from './rules/every-rule';

/** What is wrong with the options themselves: a level for a rule that does not exist would otherwise silently do nothing. */
export function optionFindings(options: CheckOptions): Finding[] {
  const allowed: readonly unknown[] = [...levels, 'off'];
  const ids = everyRule.map(({ id }) => id);
  return Object.entries(options.rules ?? {}).flatMap(([id, level]) => {
    const path = `rules.${id}`;
    if (!ids.includes(id)) return [optionFinding(path, unknownRule(id, ids))];
    if (allowed.includes(level)) return [];
    return [optionFinding(path, `${JSON.stringify(level)} is no level; allowed are ${allowed.join(', ')}`)];
  });
}

function unknownRule(id: string, ids: string[]): string {
  const near = nearest(id, ids);
  return `there is no rule "${id}"${near === undefined ? '' : `; did you mean "${near}"?`}`;
}

function optionFinding(path: string, message: string): Finding {
  return { rule: 'options', level: 'mandatory', kind: 'CheckOptions', namespace: '', name: '', path, message };
}
