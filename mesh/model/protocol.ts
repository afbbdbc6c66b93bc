/** Protocols of ports, with istiod's names; `Unsupported` means that the proxy detects the protocol. */
export type Protocol =
  | 'HTTP'
  | 'HTTP2'
  | 'HTTP_PROXY'
  | 'GRPC'
  | 'GRPC-Web'
  | 'HTTPS'
  | 'TLS'
  | 'TCP'
  | 'UDP'
  | 'Mongo'
  | 'Redis'
  | 'MySQL'
  | 'Unsupported';

const names: Record<string, Protocol> = {
  tcp: 'TCP',
  udp: 'UDP',
  grpc: 'GRPC',
  'grpc-web': 'GRPC-Web',
  http: 'HTTP',
  http_proxy: 'HTTP_PROXY',
  http2: 'HTTP2',
  https: 'HTTPS',
  tls: 'TLS',
  mongo: 'Mongo',
  redis: 'Redis',
  mysql: 'MySQL',
};

/** Ports without protocol detection, since their servers send the first bytes: SMTP, DNS, MySQL, MongoDB. */
const neverSniffed = [25, 53, 3306, 27017];

const kubernetesProtocols: Record<string, Protocol> = {
  'kubernetes.io/h2c': 'HTTP2',
  'kubernetes.io/ws': 'HTTP',
  'kubernetes.io/wss': 'HTTPS',
};

/** The protocol of a Gateway's or ServiceEntry's port; upper and lower case are equal. */
export function parseProtocol(name: string): Protocol {
  return names[name.toLowerCase()] ?? 'Unsupported';
}

/** Protocol of a Kubernetes Service port: its appProtocol, else the name up to the first `-` (istio pkg/config/kube/conversion.go). */
export function servicePortProtocol(port: {
  number: number;
  name: string;
  transport?: string | undefined;
  appProtocol?: string | undefined;
}): Protocol {
  if (port.transport === 'UDP') return 'UDP';
  const known = kubernetesProtocols[port.appProtocol ?? ''];
  if (known !== undefined) return known;
  const name = port.appProtocol ?? port.name;
  if (name.toLowerCase().startsWith('grpc-web')) return 'GRPC-Web';
  const protocol = parseProtocol(name.split('-')[0] ?? '');
  return protocol === 'Unsupported' && neverSniffed.includes(port.number) ? 'TCP' : protocol;
}

/** HTTP in any form, where the proxy routes by request. */
export function isHttp(protocol: Protocol): boolean {
  return ['HTTP', 'HTTP2', 'HTTP_PROXY', 'GRPC', 'GRPC-Web'].includes(protocol);
}

/** TLS that the proxy does not terminate, where it routes by SNI. */
export function isTls(protocol: Protocol): boolean {
  return protocol === 'HTTPS' || protocol === 'TLS';
}
