import { pushTo } from '../../collections';
import { canonical } from '../../json';
import type { RuleRef } from '../outcome';
import { percent } from '../share';
import type { Unfollowed } from '../unfollowed';
import { printable } from '../../strings';
import { codeSpan, endsWords, placeWords, treatmentWords } from '../words';
import type { LoadChange } from './load';
import type { OwnedWeights } from './owned-weights';
import { diffStatus, type GroupedMove, isUnknownMove, type TrafficDiff } from './traffic-diff';

/** The diff for people, for a terminal: one paragraph per host, no trailing newline. */
export function trafficDiffText(diff: TrafficDiff): string {
  const paragraphs = [...byHost(diff.moves)].map(([host, moves]) => [host, ...moves.flatMap(moveLines)].join('\n'));
  const sections = listSections(diff).map(({ title, lines }) =>
    [title, ...lines.map((line) => `  ${line}`)].join('\n'),
  );
  return printable([...summary(diff), ...paragraphs, ...sections].join('\n\n'));
}

/** One sentence, if there are no moves. */
function summary(diff: TrafficDiff): string[] {
  if (diff.moves.length > 0) return [];
  if (diff.underLoad.length > 0) return ['No request moves, but behaviour under load changes.'];
  return [diffStatus(diff) === 'same' ? 'No change in traffic.' : 'Cannot tell what changes in traffic.'];
}

/**
 * The diff as a comment on a pull request. Names and conditions are written as code, so that Markdown in them has no
 * effect.
 */
export function trafficDiffMarkdown(diff: TrafficDiff): string {
  const head = ['| requests | host | from | to | moved |', '|---|---|---|---|---|'];
  const rows = diff.moves.map((move) => {
    const { from, to } = changeWords(move);
    const who = move.conditions.length === 0 ? move.who : move.conditions.map(codeSpan).join(', ');
    const uncertain = move.uncertain ? ` (${uncertainWords})` : '';
    const unknown = (move.unknown ?? []).map((one) => `<br>unknown: ${codeSpan(one)}`).join('');
    const cells = [
      `${codeSpan(sendersWords(move))}: ${who}${uncertain}${unknown}`,
      ...[hostWords(move), from, to].map(codeSpan),
      movedWords(move) ?? 'none',
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const sections = listSections(diff).map(
    ({ title, lines }) => `**${title}**\n${lines.map((line) => `- ${codeSpan(line)}`).join('\n')}`,
  );
  const table = diff.moves.length === 0 ? [] : [[...head, ...rows].join('\n')];
  return ['### Traffic', ...summary(diff), ...table, ...sections].join('\n\n');
}

function sendersWords({ from }: Pick<GroupedMove, 'from'>): string {
  return from.length > 3 ? `${from.slice(0, 2).join(', ')} and ${from.length - 2} more` : from.join(', ');
}

function hostWords({ host, port, protocol }: Pick<GroupedMove, 'host' | 'port' | 'protocol'>): string {
  return `${protocol === 'http' ? '' : `${protocol}://`}${host}:${port}`;
}

const uncertainWords = 'uncertain whether there are such requests: a regex could not be compared';

/** Paragraphs by host and senders. Senders with the same changes are named together. */
function byHost(moves: readonly GroupedMove[]): Map<string, GroupedMove[]> {
  const said = new Map<string, GroupedMove>();
  for (const move of moves) {
    const key = canonical([move.host, move.port, ...moveLines(move)]);
    const known = said.get(key);
    said.set(key, known === undefined ? move : { ...known, from: [...known.from, ...move.from] });
  }
  const hosts = new Map<string, GroupedMove[]>();
  for (const move of said.values()) {
    const title = `${hostWords(move)}, from ${sendersWords(move)}`;
    pushTo(hosts, title, move);
  }
  return hosts;
}

function moveLines(move: GroupedMove): string[] {
  const { from, to } = changeWords(move);
  const moved = movedWords(move);
  const what = moved === undefined ? 'same destination, treated in another way' : moved;
  return [
    `  ${move.who}${move.uncertain ? ` (${uncertainWords})` : ''}: ${what}${moved?.endsWith('%') === true ? ' moves' : ''}`,
    `    - ${from}`,
    `    + ${to}`,
    ...(move.unknown ?? []).map((one) => `    ? unknown: ${one}`),
  ];
}

/**
 * The difference between two outcomes in words: the destinations, and how requests are treated, each only if it
 * changes.
 */
function changeWords({ before, after, ends }: GroupedMove): { from: string; to: string } {
  const [oldPlace, newPlace] = [placeWords(before), placeWords(after)];
  if (ends !== undefined)
    return { from: `${oldPlace}: ${endsWords(ends.before)}`, to: `${newPlace}: ${endsWords(ends.after)}` };
  const old = treatmentWords(before).filter((words) => !treatmentWords(after).includes(words));
  const next = treatmentWords(after).filter((words) => !treatmentWords(before).includes(words));
  const isSamePlace = oldPlace === newPlace && (old.length > 0 || next.length > 0);
  const nothing = (kind: string): string => (kind === 'routed' ? 'without' : '-');
  return {
    from: [...(isSamePlace ? [] : [oldPlace]), ...old].join('; ') || nothing(before.kind),
    to: [...(isSamePlace ? [] : [newPlace]), ...next].join('; ') || nothing(after.kind),
  };
}

/**
 * Undefined if nothing moves. Running proxies keep a route whose new version Envoy refuses; new proxies do not have it.
 */
function movedWords(move: GroupedMove): string | undefined {
  if (isUnknownMove(move) && !move.uncertain) return 'cannot tell';
  return move.moved === '0' ? undefined : percent(move.moved);
}

function listSections({
  newRules,
  lostRules,
  unreachable,
  underLoad,
  notFollowed,
  ownedWeights,
}: TrafficDiff): { title: string; lines: string[] }[] {
  return [
    { title: 'New rules', lines: newRules.map(ruleWords) },
    { title: 'Removed rules', lines: lostRules.map(ruleWords) },
    { title: 'Rules that no request reaches', lines: unreachable.map(ruleWords) },
    { title: 'Changes behaviour under load', lines: underLoad.map(loadWords) },
    { title: 'Changed, but not modelled: the effect on traffic is unknown', lines: notFollowed.map(unfollowedWords) },
    { title: 'Weights that are not compared', lines: ownedWeights.map(ownedWords) },
  ].filter(({ lines }) => lines.length > 0);
}

function loadWords({ of, setting, before, after }: LoadChange): string {
  const value = (one: unknown): string => (one === undefined ? 'not set' : JSON.stringify(one));
  return `${of.join(', ')}: ${setting} ${value(before)} -> ${value(after)}`;
}

function ownedWords({ kind, namespace, name, owner }: OwnedWeights): string {
  return `${kind} ${namespace}/${name}: they belong to ${owner}`;
}

function unfollowedWords({ kind, namespace, name, touches }: Unfollowed): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}: ${touches}`;
}

export function ruleWords({ kind, namespace, name, path, route }: RuleRef): string {
  return `${kind} ${namespace}/${name} ${path}${route === undefined ? '' : ` (${route})`}`;
}
