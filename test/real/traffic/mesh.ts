import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectKey, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { KubernetesApi } from '../../../cluster/api';
import { labApi, labDown, labUp, type Lab } from '../../../cluster/lab';
import { installIstioCrds } from '../../cluster/lab/istio-crds';
import { startBackends, type Backend } from './backends';
import { stop, type Child } from './child';
import { startEnvoy, type Envoy, type ProxySpec } from './envoy';
import { startIstiod, type Istiod } from './istiod';
import type { Programs } from './programs';

export interface RealMeshOptions {
  programs: Programs;
  /** Objects to start with. */
  objects: readonly KubernetesObject[];
  proxies: readonly ProxySpec[];
  backends: readonly Backend[];
  /** MeshConfig in addition to what upstream Envoy needs. */
  meshConfig?: object;
  log: (line: string) => void;
}

/** A real control plane with real proxies on 127.0.0.1. */
export interface RealMesh {
  lab: Lab;
  api: TestApi;
  istiod: Istiod;
  proxies: ReadonlyMap<string, Envoy>;
  /**
   * Replaces all objects except those it started with. Does not wait for the proxies.
   * @returns the objects as the API server has them, with their creation times
   */
  apply(objects: readonly KubernetesObject[]): Promise<KubernetesObject[]>;
  stop(): Promise<void>;
}

/** Starts its own lab, istiod, Envoys and stub applications; stops all of them when one does not start. */
export async function startMesh(options: RealMeshOptions): Promise<RealMesh> {
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-real-'));
  const children: Child[] = [];
  let stopBackends = (): Promise<void> => Promise.resolve();
  const stopAll = async (): Promise<void> => {
    await Promise.all(children.map(stop));
    await stopBackends();
    await labDown({ root: folder, log: options.log });
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const lab = await labUp({ root: folder, log: options.log });
    await installIstioCrds(lab);
    const api = testApi(labApi(lab));
    await applyAll(api, [...namespacesOf(options.objects), ...options.objects]);
    stopBackends = await startBackends(options.backends);
    const istiod = await startIstiod(options.programs, lab.kubeconfig, folder, options.meshConfig ?? {});
    children.push(istiod);
    const proxies = new Map<string, Envoy>();
    for (const spec of options.proxies) {
      const envoy = await startEnvoy(options.programs, istiod.xdsPort, folder, spec);
      children.push(envoy);
      proxies.set(spec.name, envoy);
    }
    return { lab, api, istiod, proxies, apply: replacing(api), stop: stopAll };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/** The changes that tests make in a cluster. */
export interface TestApi {
  apply(object: KubernetesObject): Promise<KubernetesObject>;
  remove(object: KubernetesObject): Promise<void>;
}

function testApi(api: KubernetesApi): TestApi {
  return {
    apply: (object) => api.apply(object, { manager: 'meshwright-test' }),
    remove: (object) => api.remove(object),
  };
}

/** Addresses of the control plane and the proxies, for a MeshView. */
export function addressesOf({ istiod, proxies }: RealMesh): { istiod: string[]; proxies: Record<string, string> } {
  const admins = [...proxies.values()].map(({ spec, adminPort }): [string, string] => [
    `${spec.name}.${spec.namespace}`,
    `127.0.0.1:${adminPort}`,
  ]);
  return { istiod: [`127.0.0.1:${istiod.httpPort}`], proxies: Object.fromEntries(admins) };
}

/** Applies sets of objects one after the other, and removes objects that are not in the next set. */
function replacing(api: RealMesh['api']): RealMesh['apply'] {
  let present = new Map<string, KubernetesObject>();
  return async (objects) => {
    const wanted = new Map(objects.map((object) => [objectKey(object), object]));
    await Promise.all([...present].filter(([key]) => !wanted.has(key)).map(([, object]) => api.remove(object)));
    present = wanted;
    return applyAll(api, objects);
  };
}

async function applyAll(api: RealMesh['api'], objects: readonly KubernetesObject[]): Promise<KubernetesObject[]> {
  const applied: KubernetesObject[] = [];
  for (const object of objects) applied.push(await api.apply(object));
  return applied;
}

function namespacesOf(objects: readonly KubernetesObject[]): KubernetesObject[] {
  const names = new Set(['istio-system', ...objects.flatMap(({ metadata }) => metadata.namespace ?? [])]);
  return [...names].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
}
