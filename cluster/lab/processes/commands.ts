import path from 'node:path';
import { projectRoot } from '../../../runtime/project-root';
import type { LabProcessName } from '../binaries/programs';
import type { Layout, Ports } from './layout';
import type { Pki } from './pki';

interface CommandOptions {
  readonly layout: Layout;
  readonly ports: Ports;
  readonly pki: Pki;
  /** Programs that lab-node starts. */
  readonly pilotDiscovery: string;
  /** '' for none. */
  readonly envoy: string;
}

/** The argument that identifies a process of this lab: other labs do not pass it. */
export function markOf(name: LabProcessName, layout: Layout): string {
  if (name === 'etcd') return `--data-dir=${layout.etcd}`;
  if (name === 'kube-apiserver') return `--service-account-key-file=${layout.pki}/service-account.key`;
  if (name === 'prometheus') return `--storage.tsdb.path=${layout.prometheus}`;
  return `--kubeconfig=${layout.kubeconfigOf(name)}`;
}

function etcd({ ports, pki }: CommandOptions): string[] {
  const client = `https://127.0.0.1:${ports.etcd}`;
  const peer = `https://127.0.0.1:${ports['etcd-peer']}`;
  return [
    '--name=lab',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=lab=${peer}`,
    '--client-cert-auth',
    `--trusted-ca-file=${pki.authority}`,
    `--cert-file=${pki.server.certificate}`,
    `--key-file=${pki.server.key}`,
    '--peer-client-cert-auth',
    `--peer-trusted-ca-file=${pki.authority}`,
    `--peer-cert-file=${pki.server.certificate}`,
    `--peer-key-file=${pki.server.key}`,
    '--log-level=warn',
    '--unsafe-no-fsync', // When the machine dies, a lab may lose its last second.
  ];
}

function apiServer({ layout, ports, pki }: CommandOptions): string[] {
  return [
    '--bind-address=127.0.0.1',
    `--secure-port=${ports['kube-apiserver']}`,
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none', // The API refuses 127.0.0.0/8 in Endpoints.
    `--tls-cert-file=${pki.server.certificate}`,
    `--tls-private-key-file=${pki.server.key}`,
    `--client-ca-file=${pki.authority}`,
    '--anonymous-auth=false',
    '--authorization-mode=RBAC',
    `--etcd-servers=https://127.0.0.1:${ports.etcd}`,
    `--etcd-cafile=${pki.authority}`,
    `--etcd-certfile=${pki.server.certificate}`,
    `--etcd-keyfile=${pki.server.key}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-signing-key-file=${pki.serviceAccountKey}`,
    '--allow-privileged=true', // Istio's init containers and CNI ask for it.
    '--profiling=false',
    '--shutdown-watch-termination-grace-period=1s', // The default is a minute, and watchers do not leave.
    `--egress-selector-config-file=${layout.egress}`, // Webhooks, pods and nodes are reached through lab-node.
    `--kubelet-client-certificate=${pki.client('admin').certificate}`,
    `--kubelet-client-key=${pki.client('admin').key}`,
    '--kubelet-preferred-address-types=InternalIP',
  ];
}

function controller(
  name: 'kube-controller-manager' | 'kube-scheduler',
  { layout, ports, pki }: CommandOptions,
): string[] {
  const kubeconfig = layout.kubeconfigOf(name);
  return [
    '--bind-address=127.0.0.1',
    `--secure-port=${ports[name]}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--authentication-skip-lookup=true', // Set here instead:
    `--client-ca-file=${pki.authority}`,
    `--tls-cert-file=${pki.server.certificate}`,
    `--tls-private-key-file=${pki.server.key}`,
    '--leader-elect=false',
    '--profiling=false',
    '--kube-api-qps=200',
    '--kube-api-burst=400',
  ];
}

function kwok({ ports }: CommandOptions): string[] {
  return [
    `--config=${path.join(projectRoot, 'cluster', 'lab', 'processes', 'kwok-stages.yaml')}`,
    '--manage-all-nodes=true',
    '--node-ip=10.255.255.1', // No pod has it; lab-node answers for it.
    '--cidr=10.0.0.1/16', // Of the pods.
    `--server-address=127.0.0.1:${ports.kwok}`,
    '--node-lease-duration-seconds=40', // Leases cause far less traffic than status updates.
  ];
}

function labNode({ layout, ports, pki, pilotDiscovery, envoy }: CommandOptions): string[] {
  return [
    `--folder=${layout.node}`,
    `--pilot-discovery=${pilotDiscovery}`,
    `--envoy=${envoy}`,
    `--status-port=${ports['lab-node']}`,
    `--egress-port=${ports.egress}`,
    `--kubelet-port=${ports.kubelet}`,
    `--authority=${pki.authority}`,
    `--cert=${pki.server.certificate}`,
    `--key=${pki.server.key}`,
  ];
}

function prometheus({ layout, ports }: CommandOptions): string[] {
  return [
    `--config.file=${layout.prometheusConfig}`,
    `--web.listen-address=127.0.0.1:${ports.prometheus}`,
    '--storage.tsdb.retention.time=1d',
    '--log.level=warn',
  ];
}

/** The arguments of each process. Every listener is on 127.0.0.1. */
export function commands(options: CommandOptions): Readonly<Record<LabProcessName, readonly string[]>> {
  const marked = (name: LabProcessName, args: readonly string[]) => [markOf(name, options.layout), ...args];
  return {
    etcd: marked('etcd', etcd(options)),
    'kube-apiserver': marked('kube-apiserver', apiServer(options)),
    'kube-controller-manager': marked('kube-controller-manager', [
      ...controller('kube-controller-manager', options),
      `--service-account-private-key-file=${options.pki.serviceAccountKey}`,
      `--root-ca-file=${options.pki.authority}`,
      '--use-service-account-credentials=true',
    ]),
    'kube-scheduler': marked('kube-scheduler', controller('kube-scheduler', options)),
    kwok: marked('kwok', kwok(options)),
    'lab-node': marked('lab-node', labNode(options)),
    prometheus: marked('prometheus', prometheus(options)),
  };
}
