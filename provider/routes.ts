import { setMaxListeners } from 'node:events';
import { Connection, type LiveObject } from '../cluster/api';
import { compareStrings } from '../mesh/collections';
import { defined, objectTitle, type KubernetesObject } from '../mesh/manifests/kubernetes';
import { serializedObjects, type RouteInputs } from '../mesh/manifests/route-set';
import { weightsOf, withWeightsOf } from '../mesh/manifests/route-weights';
import { Cluster } from './cluster';
import type { LogMessage } from './engine-log';
import { executePlan, InFlightUpdates, type ApplyOutcome } from './execute-plan';
import { adoptHint, obstacle } from './adoption';
import {
  belongsTo,
  isOfStack,
  isUnmarked,
  makerOf,
  marksOf,
  ownerOf,
  takesOverAll,
  type Marks,
  type Owner,
} from './ownership';
import { planOf } from './plan';
import { Prover } from './prove';
import { appliedFields, isImported, isRoute, parsedObjects, type ObjectsByTitle, type RouteState } from './route-state';

/** How long, in milliseconds, a list of a namespace's objects is used: the Routes of an update share it. */
const listTime = 2000;

/** The routing objects of a namespace, metadata only. */
interface NamespaceList {
  until: number;
  objects: Promise<LiveObject[]>;
  /** Objects that this process has written since, by title; undefined for removed ones. */
  written: Map<string, LiveObject | undefined>;
}

/** A Route that was only partly created or updated. */
export class IncompleteError extends Error {
  override readonly name = 'IncompleteError';

  constructor(
    readonly id: string,
    readonly state: RouteState,
    readonly reasons: readonly string[],
  ) {
    super(reasons.join('\n'));
  }
}

/** Creates, reads, updates and deletes Routes. One for all Routes of a run, which share connections. */
export class RouteResources {
  private readonly stop = new AbortController();
  private readonly inFlight = { rules: new InFlightUpdates(), all: new InFlightUpdates() };
  private readonly connections = new Map<string, Connection>();
  private readonly lists = new Map<string, NamespaceList>();

  constructor(private readonly logOf: (urn: string) => LogMessage) {
    // Each waiting proof adds a listener.
    setMaxListeners(0, this.stop.signal);
  }

  /** Stops all work as soon as possible; the state records the progress. */
  cancel(): void {
    this.stop.abort(new Error('cancelled'));
  }

  /** Address of the cluster of a Route; undefined when its kubeconfig cannot be read here. */
  serverOf(inputs: RouteInputs): string | undefined {
    try {
      return this.connect(inputs).server;
    } catch {
      return undefined;
    }
  }

  /**
   * Refuses existing objects of others in a preview, as the update would. A preview may run before the cluster exists.
   * @param before - the current Route, for an update
   * @returns for an imported Route the state that the update leads to, and the objects that exist, with the fields that the stack states
   * @throws Error that names every object that others made
   */
  async preview(
    urn: string,
    inputs: RouteInputs,
    id?: string,
    before?: RouteState,
  ): Promise<(RouteState & { found: Record<string, string> }) | undefined> {
    let refusal: Error | undefined;
    try {
      const { server } = this.connect(inputs);
      const owner = ownerOf(urn, server, inputs.namespace, id);
      if (before !== undefined && isImported(before)) {
        const wanted = parsedObjects(inputs.objects);
        const existing = [...(await this.existing(inputs, wanted, owner)).values()];
        // What another stack has marked is written, so the plan shows the marks that it loses.
        const shown = existing.map(({ stated, marks }) => (marks === undefined ? stated : withMarks(stated, marks)));
        const planned = withWeights({ ...before, ...inputs, server, unproven: [] }, wanted);
        return { ...planned, found: serializedObjects(shown) };
      }
      refusal = await this.refusal(inputs, owner, before);
    } catch {
      // No cluster, no objects of others.
    }
    if (refusal !== undefined) throw refusal;
    return undefined;
  }

  /**
   * Also removes objects of an interrupted create that are no longer needed.
   * @throws IncompleteError when a part failed, and an Error when nothing was done.
   */
  async create(urn: string, inputs: RouteInputs): Promise<{ id: string; state: RouteState }> {
    const { server } = this.connect(inputs);
    const { id } = ownerOf(urn, server, inputs.namespace);
    const nothing = { ...inputs, objects: {}, server, unproven: [] };
    try {
      return { id, state: await this.bring(urn, id, nothing, inputs) };
    } catch (error) {
      const isEmpty = error instanceof IncompleteError && Object.keys(error.state.objects).length === 0;
      throw isEmpty ? new Error(error.message) : error;
    }
  }

  /** @throws IncompleteError */
  async update(id: string, urn: string, before: RouteState, inputs: RouteInputs): Promise<RouteState> {
    return this.bring(urn, id, before, inputs);
  }

  /** Objects that others made or took over stay. */
  async delete(id: string, urn: string, before: RouteState): Promise<void> {
    await this.bring(urn, id, before, { ...before, objects: {} });
  }

  /**
   * Reads the Route from the cluster.
   * @returns undefined when none of its objects exists
   */
  async read(before: RouteState): Promise<RouteState | undefined> {
    const cluster = new Cluster(this.connect(before), this.stop.signal);
    const applied = parsedObjects(before.objects);
    const found = new Map<string, KubernetesObject>();
    for (const [title, object] of applied) {
      const live = await cluster.get(object);
      if (live === undefined) continue;
      found.set(title, statedFields(object, live, before));
    }
    if (found.size === 0 && applied.size > 0) return undefined;
    return withWeights({ ...before, objects: serializedObjects([...found.values()]) }, found);
  }

  private async bring(urn: string, id: string, before: RouteState, inputs: RouteInputs): Promise<RouteState> {
    const { signal } = this.stop;
    const log = this.logOf(urn);
    const connection = this.connect(inputs);
    const owner = ownerOf(urn, connection.server, inputs.namespace, id);
    const refusal = await this.refusal(inputs, owner, before);
    if (refusal !== undefined) throw refusal;
    const cluster = new Cluster(connection, signal, (object, live) => {
      this.list(inputs).written.set(objectTitle(object), live);
    });
    const wanted = parsedObjects(inputs.objects);
    // The kubeconfig may lead to another cluster now, and the state does not describe that one.
    const known = isImported(before)
      ? await this.imported(inputs, wanted, owner)
      : before.server === connection.server
        ? parsedObjects(before.objects)
        : new Map<string, KubernetesObject>();
    const own = (await this.objectsOf(inputs)).filter((live) => belongsTo(live, owner));
    const all = new Map([...known, ...(await leftovers(cluster, own, known, wanted))]);
    const { weightsOwnedBy } = inputs;
    const prover = new Prover(inputs.proof, clusterOptions(inputs), log, signal);
    const { adopted } = before;
    const context = {
      cluster,
      prover,
      inFlight: this.inFlight,
      log,
      owner,
      weightsOwnedBy,
      signal,
      adopted: adopted === true ? new Set(known.keys()) : new Set<string>(),
    };
    const outcome = await executePlan(planOf(all, wanted, before.unproven), all, context);
    await log.flush();
    return settled(id, { ...inputs, server: connection.server, ...defined({ adopted }) }, outcome);
  }

  /** The wanted objects that exist, each with the fields that the stack states, and the marks that another stack has on it. */
  private async existing(
    inputs: RouteInputs,
    wanted: ObjectsByTitle,
    owner: Owner,
  ): Promise<Map<string, { stated: KubernetesObject; marks?: Marks }>> {
    const cluster = new Cluster(this.connect(inputs), this.stop.signal);
    const found = new Map<string, { stated: KubernetesObject; marks?: Marks }>();
    for (const [title, object] of wanted) {
      const live = await cluster.get(object);
      if (live === undefined) continue;
      const isFree = isUnmarked(live) || belongsTo(live, owner);
      found.set(title, { stated: statedFields(object, live, inputs), ...(isFree ? {} : { marks: marksOf(live) }) });
    }
    return found;
  }

  /** The objects of an imported Route that need no update if they are as stated. What another stack has marked is written, so that it loses its marks. */
  private async imported(inputs: RouteInputs, wanted: ObjectsByTitle, owner: Owner): Promise<ObjectsByTitle> {
    const free = [...(await this.existing(inputs, wanted, owner))].filter(([, { marks }]) => marks === undefined);
    return new Map(free.map(([title, { stated }]) => [title, stated]));
  }

  /** Why objects must not be written: they exist, and another stack, a controller or a person made them. */
  private async refusal(inputs: RouteInputs, owner: Owner, before?: RouteState): Promise<Error | undefined> {
    if (takesOverAll() || (before !== undefined && isImported(before))) return undefined;
    const isAdopted = (title: string, live: LiveObject): boolean =>
      before?.adopted === true && before.objects[title] !== undefined && isUnmarked(live);
    const refused = (await this.objectsOf(inputs))
      .map((live): [string, LiveObject] => [objectTitle(live), live])
      .filter(
        ([title, live]) => inputs.objects[title] !== undefined && !isOfStack(live, owner) && !isAdopted(title, live),
      )
      .sort(([a], [b]) => compareStrings(a, b));
    if (refused.length === 0) return undefined;
    const hasOwner = inputs.weightsOwnedBy !== undefined;
    const lines = refused.map(([title, live]) => {
      const reason = obstacle(live, hasOwner);
      return `${title} exists, and this stack did not create it${makerOf(live)}.${reason === undefined ? '' : ` It cannot be taken over: ${reason}.`}`;
    });
    const free = refused.filter(([, live]) => obstacle(live, hasOwner) === undefined).map(([title]) => title);
    return new Error([...lines, ...(free.length === 0 ? [] : [`${adoptHint(...free)}.`])].join('\n'));
  }

  /** The routing objects of the inputs' namespace: the listed ones, updated by this process's own writes. */
  private async objectsOf(inputs: RouteInputs): Promise<LiveObject[]> {
    const { objects, written } = this.list(inputs);
    const current = new Map<string, LiveObject | undefined>((await objects).map((live) => [objectTitle(live), live]));
    for (const [title, live] of written) current.set(title, live);
    return [...current.values()].filter((live) => live !== undefined);
  }

  private list(inputs: RouteInputs): NamespaceList {
    const connection = this.connect(inputs);
    const key = JSON.stringify([connection.server, inputs.namespace]);
    const now = performance.now();
    const known = this.lists.get(key);
    if (known !== undefined && now < known.until) return known;
    const objects = new Cluster(connection, this.stop.signal).all(inputs.namespace);
    const list = { until: now + listTime, objects, written: new Map<string, LiveObject | undefined>() };
    this.lists.set(key, list);
    objects.catch(() => this.lists.delete(key));
    return list;
  }

  private connect(inputs: RouteInputs): Connection {
    const options = clusterOptions(inputs);
    const key = JSON.stringify(options);
    const connection = this.connections.get(key) ?? Connection.open(options);
    this.connections.set(key, connection);
    return connection;
  }
}

/** The fields of a live object that the stack has applied. Weights that others own are not drift. */
function statedFields(object: KubernetesObject, live: LiveObject, { weightsOwnedBy }: RouteInputs): KubernetesObject {
  const fields = appliedFields(object, live);
  return weightsOwnedBy !== undefined && isRoute(object) ? withWeightsOf(fields, object) : fields;
}

function withMarks(object: KubernetesObject, { labels, annotations }: Marks): KubernetesObject {
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, ...labels },
      annotations: { ...metadata.annotations, ...annotations },
    },
  };
}

/** Objects of an interrupted update: they exist, but are not in the state. */
async function leftovers(
  cluster: Cluster,
  own: readonly LiveObject[],
  known: ObjectsByTitle,
  wanted: ObjectsByTitle,
): Promise<[string, KubernetesObject][]> {
  const unknown = own.filter((live) => !known.has(objectTitle(live)) && !wanted.has(objectTitle(live)));
  const found = await Promise.all(unknown.map(async (live) => cluster.get(live)));
  return found.flatMap((live): [string, KubernetesObject][] => (live === undefined ? [] : [[objectTitle(live), live]]));
}

function clusterOptions({ kubeconfig, context }: RouteInputs): { kubeconfig?: string; context?: string } {
  return defined({ kubeconfig, context });
}

function settled(
  id: string,
  inputs: Omit<RouteState, 'unproven'>,
  { objects, unproven, failures }: ApplyOutcome,
): RouteState {
  const serialized = serializedObjects([...objects.values()]);
  const state = withWeights({ ...inputs, objects: serialized, unproven: unproven.sort() }, objects);
  if (failures.length > 0) throw new IncompleteError(id, state, failures.sort());
  return state;
}

/** The state with the weights of its VirtualService. A Route has one; a RouteSet, which had many, had no weights. */
function withWeights(state: RouteState, objects: ObjectsByTitle): RouteState {
  const [route, ...others] = [...objects.values()].filter(isRoute);
  const weights = route === undefined || others.length > 0 ? undefined : weightsOf(route);
  return defined({ ...state, weights });
}
