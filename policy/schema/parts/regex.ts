import { RE2JS } from 're2js';
import type { Place } from '../place';
import { error, shown, type SchemaProblem } from '../problem';

/** Istio takes regexes of at most this many characters. */
const longest = 1024;

/** A regex in the syntax of RE2, which Envoy uses: no look-around, no back-references. */
export function regexProblems(place: Place): SchemaProblem[] {
  if (place.text === '') return [error(place, 'a regex must not be empty')];
  if (place.text.length > longest)
    return [error(place, `a regex has at most ${longest} characters, this one has ${place.text.length}`)];
  const reason = whyNoRegex(place.text);
  return reason === undefined
    ? []
    : [error(place, `${shown(place)} is no RE2 regex (no look-around, no back-references): ${reason}`)];
}

function whyNoRegex(regex: string): string | undefined {
  try {
    RE2JS.compile(regex);
    return undefined;
  } catch (failure) {
    return failure instanceof Error ? failure.message : String(failure);
  }
}

/** A StringMatch whose prefix and regex must say something. */
export function stringMatchProblems(match: Place): SchemaProblem[] {
  const prefix = match.at('prefix');
  if (prefix.isSet)
    return prefix.text === ''
      ? [error(prefix, 'a prefix must not be empty; leave the condition out to match everything')]
      : [];
  return match.at('regex').isSet ? regexProblems(match.at('regex')) : [];
}
