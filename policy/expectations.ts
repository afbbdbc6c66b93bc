import { expectationOf, judgeExpectations } from '../mesh/traffic/expectations';
import type { TrafficInput } from '../mesh/traffic/stack-objects';
import type { Finding, Level } from './finding';

/**
 * Tests of routing (`meshwright:expect`) that fail, or that cannot be judged. The name of a finding is the key of its
 * test, such as `expect[0]`.
 */
export function expectationFindings(input: TrafficInput, expect: unknown): Finding[] {
  if (!Array.isArray(expect)) return [finding('expect', 'mandatory', 'must be a list of tests of routing')];
  const tests = expect.map(expectationOf);
  const verdicts = judgeExpectations(
    input,
    tests.filter((test) => typeof test !== 'string'),
  );
  return tests.flatMap((test, index): Finding[] => {
    const name = `expect[${index}]`;
    if (typeof test === 'string') return [finding(name, 'mandatory', test)];
    const { result, message } = verdicts.shift() ?? { result: 'holds', message: '' };
    return result === 'holds' ? [] : [finding(name, result === 'cannotTell' ? 'advisory' : 'mandatory', message)];
  });
}

function finding(name: string, level: Level, message: string): Finding {
  return { rule: 'expect', level, kind: 'Expectation', namespace: '', name, path: '', message };
}
