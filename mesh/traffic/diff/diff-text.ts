import type { RuleRef } from '../outcome';
import { percent } from '../share';
import { changeWords } from './changes';
import { isUnmoved, type GroupedMove, type TrafficDiff } from './traffic-diff';

/** The diff for people, for a terminal: one paragraph per host, no trailing newline. */
export function trafficDiffText(diff: TrafficDiff): string {
  const paragraphs = [...byHost(diff.moves)].map(([host, moves]) => [host, ...moves.flatMap(moveLines)].join('\n'));
  const rules = ruleLists(diff).map(({ title, rules: list }) =>
    [title, ...list.map((rule) => `  ${ruleWords(rule)}`)].join('\n'),
  );
  return [isUnmoved(diff) ? 'No request is treated in another way.' : paragraphs.join('\n\n'), ...rules].join('\n\n');
}

/** The diff as a comment on a pull request. */
export function trafficDiffMarkdown(diff: TrafficDiff): string {
  const head = ['| who | host | from | to | moved |', '|---|---|---|---|---|'];
  const rows = diff.moves.map((move) => {
    const { from, to } = changeWords(move);
    return `| ${[`${sendersWords(move)}: ${whoWords(move)}`, `\`${hostWords(move)}\``, from, to, movedWords(move) ?? 'none'].map(cell).join(' | ')} |`;
  });
  const rules = ruleLists(diff).map(
    ({ title, rules: list }) => `**${title}**\n${list.map((rule) => `- ${cell(ruleWords(rule))}`).join('\n')}`,
  );
  const table = isUnmoved(diff) ? 'No request is treated in another way.' : [...head, ...rows].join('\n');
  return ['### Traffic', table, ...rules].join('\n\n');
}

export function sendersWords({ from }: Pick<GroupedMove, 'from'>): string {
  return from.length > 3 ? `${from.slice(0, 2).join(', ')} and ${from.length - 2} more` : from.join(', ');
}

export function hostWords({ host, port, protocol }: Pick<GroupedMove, 'host' | 'port' | 'protocol'>): string {
  return `${protocol === 'http' ? '' : `${protocol}://`}${host}:${port}`;
}

function whoWords({ who, uncertain }: GroupedMove): string {
  return uncertain ? `${who} (if there are such requests: a regex could not be compared)` : who;
}

function byHost(moves: readonly GroupedMove[]): Map<string, GroupedMove[]> {
  const hosts = new Map<string, GroupedMove[]>();
  for (const move of moves) {
    const title = `${hostWords(move)}, from ${sendersWords(move)}`;
    hosts.set(title, [...(hosts.get(title) ?? []), move]);
  }
  return hosts;
}

function moveLines(move: GroupedMove): string[] {
  const { from, to } = changeWords(move);
  const moved = movedWords(move);
  const what = moved === undefined ? 'stays, treated in another way' : `${moved} moves`;
  return [`  ${whoWords(move)}: ${what}`, `    - ${from}`, `    + ${to}`];
}

/** Undefined where nothing moves. What Envoy refuses stays as it was in proxies that run, and is not there in new ones. */
function movedWords({ moved, before, after }: GroupedMove): string | undefined {
  if (before.kind === 'unknown' || after.kind === 'unknown') return 'an unknown part';
  return moved === '0' ? undefined : percent(moved);
}

function ruleLists({ newRules, lostRules, unreachable }: TrafficDiff): { title: string; rules: RuleRef[] }[] {
  return [
    { title: 'New rules', rules: newRules },
    { title: 'Rules that are gone', rules: lostRules },
    { title: 'Rules that no request gets to', rules: unreachable },
  ].filter(({ rules }) => rules.length > 0);
}

export function ruleWords({ kind, namespace, name, path, route }: RuleRef): string {
  return `${kind} ${namespace}/${name} ${path}${route === undefined ? '' : ` (${route})`}`;
}

/** A `|` or a newline would break the table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
