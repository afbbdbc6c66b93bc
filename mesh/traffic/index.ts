/**
 * The routing model: it computes the outcome of a request from a set of objects, before anything is deployed. A request
 * passes through these files:
 *
 * 1. `route.ts`: which proxy decides, and which entry of its table the request meets. Reads `traffic-model.ts` (the
 *   tables of a mesh, built on first use) and `assumed.ts` (stand-ins for names that are not in the input).
 * 2. `tables/`: the tables that istiod builds from Gateways, VirtualServices and Sidecars: servers and hosts of a
 *   gateway, hosts of a sidecar, chains for TCP and TLS.
 * 3. `rules/` and `conditions.ts`: one rule as conditions and an action, and whether the conditions hold.
 * 4. `rule-outcome.ts`: the effect of the action: the destinations with their shares (`proxy-view.ts`), rewrites,
 *   faults, mirrors.
 * 5. `endpoints.ts`: the pods behind a destination, how the client connects to them, and where requests end.
 * 6. `policies.ts` and `verdicts.ts`: the requests that AuthorizationPolicies and RequestAuthentications refuse.
 * 7. `unfollowed.ts` and `unknowns.ts`: objects that can change the answer and are not modelled; the answer names them.
 *
 * `classes/` does the same for all requests at once: a mesh distinguishes finitely many classes, and `solve/` finds a
 * request of each, or proves that there is none. `diff/` compares the classes of two meshes, `graph/` draws them,
 * `splits.ts` is their short form for the stack output, `explanation.ts` shows one request among them. `words.ts` puts
 * outcomes into words.
 */
export { trafficDiffMarkdown, trafficDiffText } from './diff/diff-text';
export { diffStatus, trafficDiff } from './diff/traffic-diff';
export { draw, explanation, seededRandom } from './explanation';
export { effectiveSplits } from './splits';
export { mergedOptions, stackTraffic, type TrafficInput, weightOwnersOf } from './stack-objects';
