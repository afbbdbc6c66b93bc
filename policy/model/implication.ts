import { literalHolds, type Literal, type Test } from '../../mesh/traffic/matching/literal';

/** Whether a request that meets `given` always meets `wanted`. Errs on the side of no. */
export function implies(given: Literal, wanted: Literal): boolean {
  if (given.variable !== wanted.variable) return false;
  const only = onlyValue(given);
  if (only !== undefined) return literalHolds(wanted, only.value);
  if (given.negated !== wanted.negated) return false;
  // Excluding more means taking less.
  return given.negated ? testImplies(wanted.test, given.test) : testImplies(given.test, wanted.test);
}

/** The one value that meets a literal, if there is only one. */
function onlyValue({ test, negated }: Literal): { value: string | undefined } | undefined {
  if (negated) return test.kind === 'present' ? { value: undefined } : undefined;
  return test.kind === 'exact' && !(test.ignoreCase && hasCase(test.value)) ? { value: test.value } : undefined;
}

function testImplies(given: Test, wanted: Test): boolean {
  if (wanted.kind === 'present') return true;
  if (wanted.kind === 'regex') return wanted.value === '.*' || (given.kind === 'regex' && given.value === wanted.value);
  if (given.kind === 'present' || given.kind === 'regex') return wanted.kind === 'prefix' && wanted.value === '';
  if (given.ignoreCase && !wanted.ignoreCase && hasCase(wanted.value)) return false;
  const [inner, outer] = wanted.ignoreCase
    ? [given.value.toLowerCase(), wanted.value.toLowerCase()]
    : [given.value, wanted.value];
  if (wanted.kind === 'exact') return given.kind === 'exact' && inner === outer;
  if (wanted.kind === 'prefix') return given.kind !== 'suffix' && inner.startsWith(outer);
  return given.kind !== 'prefix' && inner.endsWith(outer);
}

function hasCase(text: string): boolean {
  return text.toLowerCase() !== text.toUpperCase();
}
