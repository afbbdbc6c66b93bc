import { setMaxListeners } from 'node:events';
import { defined, objectTitle, type KubernetesObject } from '../mesh/manifests/kubernetes';
import type { RouteSetInputs } from '../mesh/manifests/route-set';
import { carryOut, type Outcome } from './carry-out';
import { Cluster } from './cluster';
import { Connection } from '../cluster/api/connection';
import { asStated } from './drift';
import type { Log } from './engine-log';
import { Makers } from './makers';
import { planOf } from './plan';
import { Prover } from './prove';
import { objectsOf, setId, setLabel, type Objects, type RouteSetState } from './set';

/** A set that is there, but not as it should be. */
export class IncompleteError extends Error {
  override readonly name = 'IncompleteError';

  constructor(
    readonly id: string,
    readonly state: RouteSetState,
    readonly reasons: readonly string[],
  ) {
    super(reasons.join('\n'));
  }
}

/** What Pulumi's engine does with a set, in the words of this project. One for all sets of a run, which share connections. */
export class RouteSets {
  private readonly stop = new AbortController();
  private readonly makers = new Makers();
  private readonly connections = new Map<string, Connection>();

  constructor(private readonly logOf: (urn: string) => Log) {
    // One for each route that waits.
    setMaxListeners(0, this.stop.signal);
  }

  /** Ends whatever goes on as soon as it can be left; what is done is told. */
  cancel(): void {
    this.stop.abort(new Error('cancelled'));
  }

  /** Address of the cluster that a set is for; undefined when its kubeconfig cannot be read here. */
  serverOf(inputs: RouteSetInputs): string | undefined {
    try {
      return this.connect(inputs).server;
    } catch {
      return undefined;
    }
  }

  /**
   * What a preview can say of a set that the cluster would refuse. A preview can be had before its cluster is there.
   * @param before - the objects of the set so far, by their titles
   * @throws Error listing every object that another field manager created
   */
  async preview(before: Readonly<Record<string, string>>, inputs: RouteSetInputs): Promise<void> {
    const others = await this.madeByOthers(before, inputs).catch(() => []);
    if (others.length > 0) throw new Error(others.join('\n'));
  }

  /**
   * Takes away what carries the label and is not wanted: a create that was killed is finished by the next.
   * @throws IncompleteError when some of it failed, and an Error when nothing was done.
   */
  async create(urn: string, inputs: RouteSetInputs): Promise<{ id: string; state: RouteSetState }> {
    const { server } = this.connect(inputs);
    const id = setId(urn, server, inputs.namespace);
    const nothing = { ...inputs, objects: {}, server, unproven: [] };
    try {
      return { id, state: await this.bring(urn, id, nothing, inputs) };
    } catch (error) {
      const empty = error instanceof IncompleteError && Object.keys(error.state.objects).length === 0;
      throw empty ? new Error(error.message) : error;
    }
  }

  /** @throws IncompleteError */
  async update(id: string, urn: string, before: RouteSetState, inputs: RouteSetInputs): Promise<RouteSetState> {
    return this.bring(urn, id, before, inputs);
  }

  /** What others have taken over meanwhile stays. */
  async delete(id: string, urn: string, before: RouteSetState): Promise<void> {
    await this.bring(urn, id, before, { ...before, objects: {} });
  }

  /**
   * The set as the cluster has it.
   * @returns undefined when nothing of it is there
   */
  async read(id: string, before: RouteSetState): Promise<RouteSetState | undefined> {
    const cluster = new Cluster(this.connect(before), this.stop.signal);
    const stated = objectsOf(before.objects);
    const live = new Map((await cluster.objects(before.namespace, id)).map((object) => [objectTitle(object), object]));
    const seen = new Map<string, KubernetesObject>();
    for (const [title, object] of stated) {
      const found = live.get(title) ?? (await cluster.get(object));
      if (found !== undefined) seen.set(title, asStated(object, found));
    }
    if (seen.size === 0 && stated.size > 0) return undefined;
    return { ...before, objects: texts(seen) };
  }

  private async bring(urn: string, id: string, before: RouteSetState, inputs: RouteSetInputs): Promise<RouteSetState> {
    const others = await this.madeByOthers(before.objects, inputs);
    if (others.length > 0) throw new Error(others.join('\n'));
    const log = this.logOf(urn);
    const signal = this.stop.signal;
    const connection = this.connect(inputs);
    const cluster = new Cluster(connection, signal);
    const wanted = objectsOf(inputs.objects);
    const there = await cluster.names(inputs.namespace, id);
    // The same kubeconfig may lead to another cluster by now, of which nothing is known.
    const recorded =
      before.server === connection.server ? objectsOf(before.objects) : new Map<string, KubernetesObject>();
    const known = await this.withLeftovers(cluster, recorded, wanted, there);
    const plan = planOf(known, wanted, before.unproven);
    const prover = new Prover(inputs.proof, clusterOptions(inputs), log, signal);
    const listed = new Set(there.map(objectTitle));
    const outcome = await carryOut(plan, known, listed, { cluster, prover, makers: this.makers, log, id, signal });
    return settled(id, { ...inputs, server: connection.server }, outcome);
  }

  /** Why objects that are new in a set must not be written: they are in the cluster already, without the label of any set. */
  private async madeByOthers(before: Readonly<Record<string, string>>, inputs: RouteSetInputs): Promise<string[]> {
    const added = new Set(Object.keys(inputs.objects).filter((title) => before[title] === undefined));
    if (added.size === 0 || takesOverAll()) return [];
    const there = await new Cluster(this.connect(inputs), this.stop.signal).all(inputs.namespace);
    return there
      .filter((object) => added.has(objectTitle(object)) && object.metadata.labels?.[setLabel] === undefined)
      .map((object) => {
        const managers = [...new Set((object.metadata.managedFields ?? []).flatMap(({ manager }) => manager ?? []))];
        const by = managers.length === 0 ? '' : ` (${managers.sort().join(', ')} did)`;
        return `${objectTitle(object)} is in the cluster already, and this stack has not made it${by}. Delete it, or take its route out of the stack file.`;
      })
      .sort();
  }

  /** What a killed run has made is there, but in no state. */
  private async withLeftovers(
    cluster: Cluster,
    known: Objects,
    wanted: Objects,
    there: readonly KubernetesObject[],
  ): Promise<Objects> {
    const strange = there.filter((object) => !known.has(objectTitle(object)) && !wanted.has(objectTitle(object)));
    const found = await Promise.all(strange.map(async (object) => cluster.get(object)));
    const entries = found.flatMap((object): [string, KubernetesObject][] =>
      object === undefined ? [] : [[objectTitle(object), object]],
    );
    return new Map([...known, ...entries]);
  }

  private connect(inputs: RouteSetInputs): Connection {
    const options = clusterOptions(inputs);
    const key = JSON.stringify(options);
    const connection = this.connections.get(key) ?? Connection.open(options);
    this.connections.set(key, connection);
    return connection;
  }
}

/** The word of the Kubernetes provider for taking over everything. */
function takesOverAll(): boolean {
  return process.env['PULUMI_K8S_UPSERT_EXISTING_OBJECTS'] === 'true';
}

function clusterOptions({ kubeconfig, context }: RouteSetInputs): { kubeconfig?: string; context?: string } {
  return defined({ kubeconfig, context });
}

function settled(
  id: string,
  told: Omit<RouteSetState, 'unproven'>,
  { objects, unproven, failures }: Outcome,
): RouteSetState {
  const state = { ...told, objects: texts(objects), unproven: unproven.sort() };
  if (failures.length > 0) throw new IncompleteError(id, state, failures.sort());
  return state;
}

function texts(objects: Objects): Record<string, string> {
  return Object.fromEntries([...objects].map(([title, object]) => [title, JSON.stringify(object)]));
}
