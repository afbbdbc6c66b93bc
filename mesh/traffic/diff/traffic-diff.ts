import { compareStrings } from '../../collections';
import { canonical, without } from '../../json';
import type { KubernetesObject } from '../../manifests/kubernetes';
import type { MeshOptions } from '../../model/mesh-model';
import {
  behaviours,
  classWords,
  entries,
  type Entry,
  entryClasses,
  entryLike,
  entryOutcomes,
  exampleOf,
  isSameEntry,
  type RequestClass,
  ruleKey,
  unreachableRules,
} from '../classes/classes';
import { sendersApart } from '../classes/clients';
import { endsOf } from '../endpoints';
import type { Outcome, RuleRef } from '../outcome';
import { fraction, share, type Share } from '../share';
import { regionMember } from '../solve/satisfy';
import { type TrafficModel, trafficModels } from '../traffic-model';
import type { Unfollowed } from '../unfollowed';
import { unknownsOf } from '../unknowns';
import { conditionList, conditionWords, placeWords } from '../words';
import { type LoadChange, loadChanges } from './load';
import { notFollowed } from './not-followed';
import { type OwnedWeights, withoutOwnedWeights } from './owned-weights';

/** What a change of objects does to traffic. */
export interface TrafficDiff {
  /** Requests that move or are treated in another way. The senders of equal moves are listed together. */
  moves: GroupedMove[];
  /** Rules that requests reach only after the change, or only before it. */
  newRules: RuleRef[];
  lostRules: RuleRef[];
  /** Rules that no request reaches after the change. */
  unreachable: RuleRef[];
  /** Settings that change behaviour under load. */
  underLoad: LoadChange[];
  /** Changes that are not modelled; their effect on traffic is unknown. */
  notFollowed: Unfollowed[];
  /** VirtualServices whose weights controllers set; these weights are not compared. */
  ownedWeights: OwnedWeights[];
}

/** Requests whose outcome changes. */
export interface Move {
  /** Senders, e.g. `workloads`. */
  from: string;
  protocol: Entry['protocol'];
  host: string;
  port: number;
  /** Conditions in words; `all requests` when there is none. */
  who: string;
  /** Each of the conditions in words. */
  conditions: string[];
  /** True when it is not certain that such requests exist (regexes too large to compare). */
  uncertain: boolean;
  example?: Record<string, string>;
  before: Outcome;
  after: Outcome;
  /** Part of these requests that goes elsewhere; 0 if they keep their destinations, but are treated in another way. */
  moved: Share;
  /** Where they end, if the destinations are the same but the pods behind them change. */
  ends?: { before: Record<string, Share>; after: Record<string, Share> };
  /** Unknown facts that the answer depends on. */
  unknown?: string[];
  /** Only unknown facts differ, so it is unclear whether anything changes. */
  isOpen?: true;
}

export interface GroupedMove extends Omit<Move, 'from'> {
  from: string[];
}

/**
 * `same`: no request is treated differently, even if rules moved to another object. `changed`: some requests are,
 * perhaps only under load. `unknown`: all differences are not modelled, or depend on something that is not in the
 * input.
 */
export function diffStatus({ moves, underLoad, notFollowed: open }: TrafficDiff): 'same' | 'changed' | 'unknown' {
  if (moves.some((move) => !isUnknownMove(move)) || underLoad.length > 0) return 'changed';
  return moves.length + open.length > 0 ? 'unknown' : 'same';
}

/** Whether the outcome of the requests is unknown. */
export function isUnknownMove({ before, after, uncertain, isOpen }: GroupedMove): boolean {
  return uncertain || isOpen === true || before.kind === 'unknown' || after.kind === 'unknown';
}

/**
 * Compares two sets of objects. The order of objects, and of anything else without a meaningful order, makes no
 * difference.
 */
export function trafficDiff(
  before: readonly KubernetesObject[],
  after: readonly KubernetesObject[],
  options?: { before?: MeshOptions; after?: MeshOptions },
): TrafficDiff {
  const sides = withoutOwnedWeights(
    { objects: before, options: options?.before },
    { objects: after, options: options?.after },
  );
  const models = trafficModels(sides.before.objects, sides.after.objects, {
    ...(sides.before.options && { before: sides.before.options }),
    ...(sides.after.options && { after: sides.after.options }),
  });
  const diff = modelDiff(models.before, models.after);
  return { ...diff, notFollowed: [...diff.notFollowed, ...sides.unknown], ownedWeights: sides.owned };
}

/** Compares two models, with all weights as their objects state them. */
export function modelDiff(before: TrafficModel, after: TrafficModel): Omit<TrafficDiff, 'ownedWeights'> {
  // Senders that only one side distinguishes are distinguished on both, so that the same senders are compared.
  const groups = [...sendersApart(before.mesh), ...sendersApart(after.mesh)];
  const [old, next] = [entries(before, groups), entries(after, groups)];
  const pairs = [...new Set([...old.keys(), ...next.keys()])].flatMap((key) => {
    const [mine, theirs] = [old.get(key), next.get(key)];
    const was = mine ?? (theirs && entryLike(before, old, theirs));
    const is = theirs ?? (mine && entryLike(after, next, mine));
    return was === undefined || is === undefined ? [] : [{ was, is }];
  });
  const changed = pairs.filter(({ was, is }) => !isSameEntry(was, is));
  const oldRules = reachedRules(changed.flatMap(({ was }) => entryClasses(was)));
  const newRules = reachedRules(changed.flatMap(({ is }) => entryClasses(is)));
  return {
    moves: grouped(changed.flatMap(({ was, is }) => entryMoves(was, is))),
    newRules: missingFrom(newRules, oldRules),
    lostRules: missingFrom(oldRules, newRules),
    unreachable: unreachableRules([...next.values()].flatMap(entryClasses)).sort(byKey),
    underLoad: loadChanges(before, after, pairs),
    notFollowed: notFollowed(before, after, pairs),
  };
}

/**
 * Rules that some request reaches, by their conditions and actions, so that a rule that only moved in the list is still
 * the same.
 */
function reachedRules(classes: readonly RequestClass[]): Map<string, RuleRef> {
  const rules = new Map<string, RuleRef>();
  for (const { outcome, reachable, host, when } of classes) {
    if (outcome.rule === undefined || reachable === false) continue;
    const { kind, namespace, name, route } = outcome.rule;
    rules.set(`${kind} ${namespace}/${name} ${route ?? ''} ${host} ${conditionWords(when)}`, outcome.rule);
  }
  return rules;
}

function missingFrom(rules: ReadonlyMap<string, RuleRef>, others: ReadonlyMap<string, RuleRef>): RuleRef[] {
  const missing = [...rules].filter(([key]) => !others.has(key)).map(([, rule]) => rule);
  return [...new Map(missing.map((rule) => [ruleKey(rule), rule])).values()].sort(byKey);
}

function byKey(a: RuleRef, b: RuleRef): number {
  return compareStrings(ruleKey(a), ruleKey(b));
}

/** Merges moves that differ only in the sender. */
function grouped(moves: readonly Move[]): GroupedMove[] {
  const byMove = new Map<string, GroupedMove>();
  for (const { from, ...move } of moves) {
    const key = JSON.stringify(move);
    const known = byMove.get(key);
    if (known === undefined) byMove.set(key, { ...move, from: [from] });
    else known.from.push(from);
  }
  return [...byMove.values()];
}

/**
 * The differences between two versions of an entry: every pair of rules, one before and one after, that takes some
 * request and treats it differently.
 */
function entryMoves(before: Entry, after: Entry): Move[] {
  const [olds, news] = [entryOutcomes(before), entryOutcomes(after)];
  const [oldTexts, newTexts] = [behaviours(before), behaviours(after)];
  const { client, protocol, host, port } = after;
  const moves: Move[] = [];
  olds.forEach((old, oldIndex) => {
    news.forEach((next, newIndex) => {
      if (oldTexts[oldIndex] === newTexts[newIndex]) return;
      const regions = [
        { routes: before.routes, index: oldIndex },
        { routes: after.routes, index: newIndex },
      ];
      const member = regionMember(regions, client.given);
      if (member === 'none') return;
      const [endsBefore, endsAfter] = [endsOf(old.outcome, before.places), endsOf(next.outcome, after.places)];
      const moved = movedShare(endsBefore, endsAfter);
      const isSamePlace = placeWords(old.outcome) === placeWords(next.outcome);
      const unknown = [
        ...new Set([old.outcome, next.outcome].filter(({ kind }) => kind !== 'unknown').flatMap(unknownsOf)),
      ];
      const when = [...old.when, ...next.when];
      moves.push({
        from: client.title,
        protocol,
        host,
        port,
        who: classWords(when, oldIndex + newIndex, [before.routes[oldIndex], after.routes[newIndex]]),
        conditions: conditionList(when),
        uncertain: member === 'open',
        ...(member === 'open' ? {} : { example: exampleOf(member) }),
        before: old.outcome,
        after: next.outcome,
        moved,
        ...(moved === '0' || !isSamePlace
          ? {}
          : { ends: { before: Object.fromEntries(endsBefore), after: Object.fromEntries(endsAfter) } }),
        ...(unknown.length === 0 ? {} : { unknown }),
        ...(knownPart(old.outcome) === knownPart(next.outcome) && moved === '0' ? { isOpen: true as const } : {}),
      });
    });
  });
  return moves;
}

/** An outcome without its unknowns. */
function knownPart(outcome: Outcome): string {
  const { destinations = [], mirrors = [] } = outcome;
  const known = (all: readonly object[]): object[] => all.map((one) => without({ ...one }, 'unknown'));
  return canonical({
    ...without({ ...outcome }, 'unknown', 'rule', 'why'),
    destinations: known(destinations),
    mirrors: known(mirrors),
  });
}

/** Half the sum of the differences between two distributions: the part that must move to turn one into the other. */
function movedShare(old: ReadonlyMap<string, Share>, next: ReadonlyMap<string, Share>): Share {
  let moved = fraction('0');
  for (const place of new Set([...old.keys(), ...next.keys()])) {
    const gone = fraction(old.get(place) ?? '0').sub(fraction(next.get(place) ?? '0'));
    if (gone.gt(0)) moved = moved.add(gone);
  }
  return share(moved);
}
