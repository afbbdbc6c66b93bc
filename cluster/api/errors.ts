/** Why the proxies cannot be asked. */
export type LiveProblem = 'unreachable' | 'forbidden' | 'no-istio' | 'no-cluster';

/** A failure to ask a mesh what it serves, which its message fully explains; `problem` tells the cases apart. */
export class LiveError extends Error {
  override readonly name = 'LiveError';

  constructor(
    /** `unreachable`: istiod does not answer. `forbidden`: the cluster refuses to list pods or to forward a port. `no-istio`: no istiod runs there. `no-cluster`: no API server answers. */
    readonly problem: LiveProblem,
    message: string,
  ) {
    super(message);
  }
}
