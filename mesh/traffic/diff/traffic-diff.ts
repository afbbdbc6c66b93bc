import type { KubernetesObject } from '../../manifests/kubernetes';
import { compareStrings } from '../../collections';
import type { MeshOptions } from '../../model/mesh-model';
import { entries, entryClasses, entryLike, type RequestClass, ruleKey, unreachableRules } from '../classes/classes';
import { sendersApart } from '../classes/clients';
import { isSameEntry } from '../classes/entry';
import { conditionWords } from '../words';
import type { RuleRef } from '../outcome';
import { trafficModels, type TrafficModel } from '../traffic-model';
import type { Unfollowed } from '../unfollowed';
import { type LoadChange, loadChanges } from './load';
import { entryMoves, type Move } from './moves';
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
