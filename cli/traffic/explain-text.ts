import type { RequestClass } from '../../mesh/traffic/classes/classes';
import { ruleWords } from '../../mesh/traffic/diff/diff-text';
import type { Explanation } from '../../mesh/traffic/explanation';
import type { Outcome } from '../../mesh/traffic/outcome';
import { percent } from '../../mesh/traffic/share';
import { destinationWords, failureWords, outcomeWords, placeWords, treatmentWords } from '../../mesh/traffic/words';
import { printable } from '../../mesh/strings';
import { table } from '../output';

/**
 * An explanation for people: the outcome in words and as a table, the simulated requests, and the other classes of
 * requests to the host. No trailing newline.
 */
export function explainText(
  from: string,
  { outcome, ends, unknown, classes }: Explanation,
  drawn: ReadonlyMap<string, number> | undefined,
): string {
  const lines = [
    ...outcomeLines(from, outcome, unknown),
    ...endLines(outcome, ends),
    ...drawnLines(drawn),
    ...classLines(classes),
  ];
  return printable(lines.join('\n'));
}

function outcomeLines(from: string, outcome: Outcome, unknown: readonly string[]): string[] {
  const { rule, why, destinations = [], path, status } = outcome;
  return [
    `from:  ${from}`,
    `rule:  ${rule === undefined ? 'none' : ruleWords(rule)}`,
    `to:    ${outcome.kind === 'unknown' ? 'unknown' : placeWords(outcome)}`,
    ...(why === undefined ? [] : [`why:   ${outcome.kind === 'noRoute' ? `${status ?? 404}: ` : ''}${why}`]),
    ...(outcome.kind === 'unknown' ? [] : unknown.map((one) => `unknown: ${one}`)),
    ...(path === undefined ? [] : [`path:  ${path}`]),
    ...treatmentWords(outcome).map((words) => `with:  ${words}`),
    ...(destinations.length === 0
      ? []
      : [
          '',
          table(
            ['DESTINATION', 'PORT', 'SHARE', 'EXACT'],
            destinations.map((one) => [
              destinationWords(one),
              String(one.port),
              percent(one.share),
              failureWords(one) || one.share,
            ]),
          ),
        ]),
  ];
}

/** Workloads, if they add information to the destinations. */
function endLines({ destinations = [] }: Outcome, ends: Explanation['ends']): string[] {
  const rows = Object.entries(ends).map(([place, part]) => [place, percent(part)]);
  return destinations.length === 0 || rows.length <= destinations.length ? [] : ['', table(['ENDS AT', 'SHARE'], rows)];
}

function drawnLines(drawn: ReadonlyMap<string, number> | undefined): string[] {
  if (drawn === undefined) return [];
  const draws = [...drawn.values()].reduce((sum, count) => sum + count, 0);
  const rows = [...drawn]
    .sort(([, a], [, b]) => b - a)
    .map(([place, count]) => [place, String(count), percent(`${count}/${draws}`)]);
  return ['', table(['DRAWN', 'REQUESTS', 'SHARE'], rows)];
}

function classLines(classes: readonly RequestClass[]): string[] {
  const [first] = classes;
  if (first === undefined) return [];
  const rows = classes.map(({ who, reachable, outcome }) => [
    reachable === false ? `${who} (never: earlier rules take them all)` : who,
    outcomeWords(outcome),
  ]);
  return ['', table([`REQUESTS TO ${first.host}:${first.port}`, 'GO TO'], rows)];
}
