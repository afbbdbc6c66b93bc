import { execFileSync } from 'node:child_process';
import type { KubernetesObject } from '../../../../mesh/manifests/kubernetes';
import type { Lab } from '../../../../cluster/lab';

export interface LiveObject extends KubernetesObject {
  metadata: KubernetesObject['metadata'] & { uid: string; generation: number };
}

/** The cluster, without Pulumi. */
export interface Cluster {
  kubectl(...words: string[]): string;
  /** Creates an object, as another field manager. */
  create(object: KubernetesObject, manager: string): void;
  /** The object as it is now. */
  get(kind: string, namespace: string, name: string): LiveObject;
  /** Names of the objects of a kind in a namespace, sorted; empty when the kind or the namespace does not exist. */
  names(kind: string, namespace: string): string[];
}

export function clusterOf(lab: Lab): Cluster {
  const kubectl = (...words: string[]): string =>
    execFileSync(lab.kubectl, words, { env: lab.env, encoding: 'utf8', maxBuffer: 2 ** 26 });
  return {
    kubectl,
    create: (object, manager) =>
      execFileSync(lab.kubectl, ['create', `--field-manager=${manager}`, '-f', '-'], {
        env: lab.env,
        input: JSON.stringify(object),
      }),
    get: (kind, namespace, name) =>
      JSON.parse(kubectl('get', kind, name, '--namespace', namespace, '--output', 'json')) as LiveObject,
    names: (kind, namespace) =>
      kubectl('get', kind, '--namespace', namespace, '--ignore-not-found', '--output', 'name')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('/').at(-1) ?? line)
        .sort(),
  };
}
