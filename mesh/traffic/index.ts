/**
 * The routing model: from a set of objects it says what becomes of a request, before anything is deployed. A request goes through these files to its share:
 *
 * 1. `route.ts`: which proxy decides, and which entry of its table the request meets. Reads `traffic-model.ts` (the tables of a mesh, made when first used) and
 *    `assumed.ts` (stand-ins for what rules name and the input does not hold).
 * 2. `tables/`: what istiod makes of Gateways, VirtualServices and Sidecars: servers and hosts of a gateway, hosts of a sidecar, chains of TCP and TLS.
 * 3. `rules/` and `matching/`: one rule as conditions and an action, and whether the conditions hold.
 * 4. `rule-outcome.ts`: what the action means: the destinations with their shares (`proxy-view.ts`), rewrites, faults, mirrors.
 * 5. `endpoints.ts`: the pods behind a destination, how the client connects to them, and where requests end.
 * 6. `policies.ts` and `verdicts.ts`: what AuthorizationPolicies and RequestAuthentications refuse, by class of requests.
 * 7. `unfollowed.ts` and `unknowns.ts`: what can change the answer and is not followed; it is named in the answer.
 *
 * `classes/` asks the same for all requests at once: a mesh tells finitely many classes apart, and `solve/` finds a request of each, or proves that there is none.
 * `diff/` compares the classes of two meshes, `graph/` draws them, `splits.ts` is their short form for the stack output, `explanation.ts` shows one request among
 * them. `words.ts` puts outcomes into words.
 */
export { trafficDiffMarkdown, trafficDiffText } from './diff/diff-text';
export { diffStatus, trafficDiff } from './diff/traffic-diff';
export { draw, explanation, seededRandom } from './explanation';
export { effectiveSplits } from './splits';
export { mergedOptions, stackTraffic, type TrafficInput, weightOwnersOf } from './stack-objects';
