import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Lab } from '../../../lab';
import { ensureBinaries } from '../../../lab/binaries';
import { freePorts, start, until, type Child } from '../traffic/child';

/** A pod, and where its ports lead to on 127.0.0.1. */
export interface ForwardedPod {
  namespace: string;
  name: string;
  labels: Record<string, string>;
  /** Port of the pod → port of this machine. */
  ports: Record<number, number>;
}

const node = 'kubelet-0';

/**
 * A node with pods to which the API server forwards ports: kwok answers as a kubelet does, with Kubernetes' own streaming code, and leads each port to a program of this machine. The pods themselves
 * are simulated, as everywhere in the lab.
 */
export async function startKubelet(lab: Lab, folder: string, pods: readonly ForwardedPod[]): Promise<Child> {
  const { kwok } = (await ensureBinaries(() => undefined)).programs;
  const [port = 0] = await freePorts(1);
  const config = join(folder, 'port-forwards.yaml');
  writeFileSync(config, pods.map((pod) => stringify(portForward(pod))).join('---\n'));
  const server = join(lab.stateDir, 'pki', 'server');
  const words = [
    `--config=${config}`,
    `--config=${join(__dirname, '..', '..', '..', 'lab', 'control-plane', 'kwok-stages.yaml')}`,
    `--kubeconfig=${lab.kubeconfig}`,
    `--manage-single-node=${node}`,
    '--node-ip=127.0.0.1',
    `--server-address=127.0.0.1:${port}`,
    `--tls-cert-file=${server}.crt`,
    `--tls-private-key-file=${server}.key`,
  ];
  const child = start(kwok, words, join(folder, 'kubelet.log'));
  await until('the kubelet to be ready', () => healthy(port), child);
  const kubectl = (...given: string[]): void => void execFileSync(lab.kubectl, given, { env: lab.env });
  const apply = (name: string, objects: object[]): void => {
    const file = join(folder, name);
    writeFileSync(file, objects.map((object) => stringify(object)).join('---\n'));
    kubectl('apply', '-f', file);
  };
  const labels = { 'kubernetes.io/arch': 'amd64', 'kubernetes.io/os': 'linux', 'kubernetes.io/hostname': node };
  apply('node.yaml', [{ apiVersion: 'v1', kind: 'Node', metadata: { name: node, labels } }]);
  kubectl('wait', '--for=condition=Ready', `node/${node}`, '--timeout=20s');
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  kubectl('patch', 'node', node, '--subresource=status', '--type=merge', `--patch=${JSON.stringify({ status })}`);
  apply('pods.yaml', pods.map(podOf));
  for (const { namespace, name } of pods)
    kubectl('wait', '--for=condition=Ready', `pod/${name}`, `--namespace=${namespace}`, '--timeout=20s');
  return child;
}

function portForward({ namespace, name, ports }: ForwardedPod): object {
  const forwards = Object.entries(ports).map(([from, to]) => ({
    ports: [Number(from)],
    target: { address: '127.0.0.1', port: to },
  }));
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'PortForward',
    metadata: { name, namespace },
    spec: { forwards },
  };
}

function podOf({ namespace, name, labels }: ForwardedPod): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels },
    spec: { nodeName: node, containers: [{ name: 'main', image: 'none' }] },
  };
}

function healthy(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/healthz', rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? true : undefined);
    }).on('error', () => resolve(undefined));
  });
}
