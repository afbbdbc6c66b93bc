import type { Places } from './classes/places';
import type { Outcome } from './outcome';
import { fraction, share, type Share } from './share';
import { placeWords } from './words';

/** Parts of the requests by where they end: `namespace/workload|port`, an answer of the proxy, an injected error. */
export function endsOf(outcome: Outcome, placesOf: Places): Map<string, Share> {
  const aborted = outcome.fault?.abort?.share ?? '0';
  const rest = fraction('1').sub(fraction(aborted));
  const places = new Map<string, Share>();
  const add = (place: string, part: Share): void => {
    const sum = fraction(places.get(place) ?? '0').add(fraction(part));
    if (sum.gt(0)) places.set(place, share(sum));
  };
  add(`abort ${outcome.fault?.abort?.status ?? outcome.fault?.abort?.grpcStatus ?? ''}`, aborted);
  if (outcome.kind === 'routed') {
    for (const destination of outcome.destinations ?? []) {
      const all = fraction(destination.share).mul(rest);
      if (destination.missing !== undefined) {
        add('503', share(all));
        continue;
      }
      for (const [place, part] of placesOf(destination)) {
        const failure = destination.failures?.find(({ places: failing }) => failing.includes(place));
        add(failure === undefined ? place : String(failure.status), share(all.mul(fraction(part))));
      }
    }
  } else {
    add(placeWords(outcome), share(rest));
  }
  return places;
}
