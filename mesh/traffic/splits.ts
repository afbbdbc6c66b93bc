import { compareStrings } from '../collections';
import { entries, entryClasses } from './classes/classes';
import { trafficModel } from './traffic-model';
import { percent } from './share';
import type { TrafficInput } from './stack-objects';
import { unknownsOf } from './unknowns';
import { destinationWords, placeWords, treatmentWords } from './words';

/** The split: version or destination → part of the requests, e.g. `90 %`. */
export interface Split {
  who: string;
  to: Record<string, string>;
  /** Timeouts, faults and other treatment; absent if there is none. */
  with?: string[];
  /** Unknown facts that the split depends on; absent if there are none. */
  unknown?: string[];
}

/**
 * The effective split of every routed service, as plain data that is small and changes only when traffic does:
 * `namespace/service` → splits in the order of the rules. For stack outputs, so that `pulumi preview --diff` shows
 * traffic as numbers. Services without rules are left out.
 */
export function effectiveSplits({
  objects,
  options,
}: Pick<TrafficInput, 'objects'> & Partial<TrafficInput>): Record<string, Split[]> {
  const splits = new Map<string, Split[]>();
  for (const entry of entries(trafficModel(objects, options)).values()) {
    if (entry.client.proxy.type === 'none' || entry.routes.every(({ rule }) => rule === undefined)) continue;
    const isGateway = entry.client.proxy.type === 'gateway';
    const own = entryClasses(entry).flatMap(({ who, outcome, reachable }) => {
      if (reachable === false) return [];
      const prefix = isGateway || !entry.client.title.includes(' ') ? '' : `${entry.client.title}: `;
      const places = Object.entries(
        outcome.kind === 'routed' && outcome.destinations !== undefined
          ? Object.fromEntries(
              outcome.destinations.map((destination) => [
                destinationName(destination, entry.host, outcome.destinations ?? []),
                percent(destination.share),
              ]),
            )
          : { [placeWords(outcome)]: percent('1') },
      );
      const treatment = treatmentWords(outcome);
      const unknown = outcome.kind === 'unknown' ? [] : unknownsOf(outcome);
      return [
        {
          who: `${prefix}${who}`,
          to: Object.fromEntries(places),
          ...(treatment.length === 0 ? {} : { with: treatment }),
          ...(unknown.length === 0 ? {} : { unknown }),
        },
      ];
    });
    const key = isGateway ? `${entry.client.title} ${entry.host}` : serviceKey(entry.host);
    splits.set(key, withoutRepetition([...(splits.get(key) ?? []), ...own]));
  }
  return Object.fromEntries([...splits].sort(([a], [b]) => compareStrings(a, b)));
}

/** Only the version, if all destinations are versions of the same host. */
export function destinationName(
  destination: { host: string; subset?: string },
  host: string,
  all: readonly { host: string; subset?: string }[],
): string {
  const ownVersions = all.every((one) => one.host === host && one.subset !== undefined);
  return ownVersions ? (destination.subset ?? '') : destinationWords(destination);
}

/** `bookinfo/reviews` for a Kubernetes Service, else the host. */
function serviceKey(host: string): string {
  const match = /^([^.]+)\.([^.]+)\.svc\./.exec(host);
  return match === null ? host : `${match[2] ?? ''}/${match[1] ?? ''}`;
}

function withoutRepetition(splits: Split[]): Split[] {
  return [...new Map(splits.map((split) => [JSON.stringify(split), split])).values()];
}
