import type { KnownApp, ResourceSettings, ServiceSettings, WorkloadSettings } from '../settings';

const cpu: ResourceSettings = { limits: { cpu: '25m' }, requests: { cpu: '25m' } };
const port = 3030;

/** Octopus Deploy's Node.js proxy in front of a web server in two versions. https://github.com/mcasperson/NodejsProxy */
export const octopus: KnownApp = {
  hub: 'index.docker.io/mcasperson',
  workloads: {
    proxy: {
      image: '{hub}/simpleproxy:0.1.21',
      imagePullPolicy: 'IfNotPresent',
      env: { PROXYURL: 'http://webserver' },
      ports: [{ containerPort: port, name: 'web', protocol: 'TCP' }],
      resources: cpu,
      replicas: 1,
    },
    webserverv1: webserver('v1', 'WebServer V1'),
    webserverv2: webserver('v2', 'WebServer V2'),
  },
  services: {
    proxy: { type: 'LoadBalancer', ports: [{ name: 'web', port: 80, protocol: 'TCP', targetPort: port }] },
    webserver: http({ app: 'webserver' }),
    webserverv1: http({ app: 'webserver', version: 'v1' }),
    webserverv2: http({ app: 'webserver', version: 'v2' }),
  },
};

function webserver(version: string, content: string): WorkloadSettings {
  return {
    labels: { app: 'webserver', version },
    replicas: 3,
    strategy: { type: 'Recreate' },
    image: '{hub}/simpleserver:0.1.12',
    imagePullPolicy: 'IfNotPresent',
    // The program in the image misspells the name.
    env: { SERVERCONTNET: content },
    ports: [{ containerPort: port, name: 'web', protocol: 'TCP' }],
    resources: cpu,
    container: { name: 'simpleserver' },
  };
}

function http(selector: Record<string, string>): ServiceSettings {
  return {
    type: 'ClusterIP',
    labels: { app: 'webserver' },
    selector,
    ports: [{ name: 'http-web', port: 80, protocol: 'TCP', targetPort: port }],
  };
}
