import type { KnownApp, ResourceSettings, ServiceSettings, WorkloadSettings } from '../settings';

const small: ResourceSettings = {
  requests: { memory: '20Mi', cpu: '200m' },
  limits: { memory: '40Mi', cpu: '500m' },
};
const larger: ResourceSettings = {
  requests: { memory: '80Mi', cpu: '200m' },
  limits: { memory: '120Mi', cpu: '500m' },
};

/** customer → preference → recommendation, the chain of Red Hat's Istio tutorial. https://github.com/redhat-developer-demos/istio-tutorial */
export const tutorial: KnownApp = {
  hub: 'quay.io/rhdevelopers',
  workloads: {
    customer: tutorialWorkload('customer', 'v1', 'v1.1', small),
    'preference-v1': tutorialWorkload('preference', 'v1', 'v1.1', small),
    'recommendation-v1': tutorialWorkload('recommendation', 'v1', 'v1.2', larger),
    'recommendation-v2': tutorialWorkload('recommendation', 'v2', 'v2.2', larger),
  },
  services: {
    customer: tutorialService('customer'),
    preference: tutorialService('preference'),
    recommendation: tutorialService('recommendation'),
  },
};

function tutorialWorkload(app: string, version: string, tag: string, resources: ResourceSettings): WorkloadSettings {
  return {
    labels: { app, version },
    podAnnotations: { 'sidecar.istio.io/inject': 'true' },
    serviceAccount: app,
    image: `{hub}/istio-tutorial-${app}:${tag}`,
    imagePullPolicy: 'IfNotPresent',
    env: { JAVA_OPTIONS: '-Xms15m -Xmx15m -Xmn15m' },
    ports: [
      { containerPort: 8080, name: 'http', protocol: 'TCP' },
      { containerPort: 8778, name: 'jolokia', protocol: 'TCP' },
      { containerPort: 9779, name: 'prometheus', protocol: 'TCP' },
    ],
    resources,
    livenessProbe: { ...healthCommand('live'), initialDelaySeconds: 5, periodSeconds: 4, timeoutSeconds: 1 },
    readinessProbe: { ...healthCommand('ready'), initialDelaySeconds: 6, periodSeconds: 5, timeoutSeconds: 1 },
    securityContext: { privileged: false },
  };
}

function healthCommand(state: 'live' | 'ready'): Record<string, unknown> {
  return { exec: { command: ['curl', `localhost:8080/health/${state}`] } };
}

function tutorialService(app: string): ServiceSettings {
  return { labels: { app }, ports: [{ name: 'http', port: 8080 }] };
}

/** The 12st mall of the MSAEZ course: three Spring services that talk over Kafka. */
export const mall: KnownApp = {
  hub: 'ghcr.io/shinseongjin2/mallbasicforops_v9',
  version: 'v2.0',
  workloads: {
    order: mallWorkload('order'),
    delivery: mallWorkload('delivery'),
    product: mallWorkload('product'),
    'my-kafka': kafka('my-kafka'),
  },
  services: {
    order: mallService(),
    delivery: mallService(),
    product: mallService(),
    'my-kafka': {
      selector: { app: 'my-kafka' },
      ports: [{ name: 'tcp-client', port: 9092 }],
    },
    'my-kafka-headless': {
      selector: { app: 'my-kafka' },
      ports: [
        { name: 'tcp-client', port: 9092 },
        { name: 'tcp-controller', port: 9093 },
      ],
      // The broker resolves its own name before it is Ready.
      spec: { clusterIP: 'None', publishNotReadyAddresses: true },
    },
  },
};

function mallWorkload(app: string): WorkloadSettings {
  return {
    labels: { app },
    image: `{hub}/${app}:{version}`,
    ports: [{ containerPort: 8080 }],
    readinessProbe: actuator({ initialDelaySeconds: 10, failureThreshold: 10 }),
    livenessProbe: actuator({ initialDelaySeconds: 120, failureThreshold: 5 }),
  };
}

function actuator(patience: Record<string, number>): Record<string, unknown> {
  return { httpGet: { path: '/actuator/health', port: 8080 }, timeoutSeconds: 2, periodSeconds: 5, ...patience };
}

/** The port has no name, as in the course: Istio then detects the protocol. */
function mallService(): ServiceSettings {
  return { ports: [{ port: 8080, targetPort: 8080 }] };
}

/** One broker that is its own controller (KRaft). Its data is lost with the pod. https://hub.docker.com/r/apache/kafka */
function kafka(name: string): WorkloadSettings {
  return {
    kind: 'StatefulSet',
    serviceName: `${name}-headless`,
    image: 'docker.io/apache/kafka:3.9.1',
    env: {
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${name}:9092`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      // The default of three replicas needs three brokers.
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    },
    ports: [
      { name: 'tcp-client', containerPort: 9092 },
      { name: 'tcp-controller', containerPort: 9093 },
    ],
    readinessProbe: { tcpSocket: { port: 9092 }, initialDelaySeconds: 5, periodSeconds: 5 },
  };
}

const octopusResources: ResourceSettings = { limits: { cpu: '25m' }, requests: { cpu: '25m' } };
const octopusPort = 3030;

/** Octopus Deploy's Node.js proxy in front of a web server in two versions. https://github.com/mcasperson/NodejsProxy */
export const octopus: KnownApp = {
  hub: 'index.docker.io/mcasperson',
  workloads: {
    proxy: {
      image: '{hub}/simpleproxy:0.1.21',
      imagePullPolicy: 'IfNotPresent',
      env: { PROXYURL: 'http://webserver' },
      ports: [{ containerPort: octopusPort, name: 'web', protocol: 'TCP' }],
      resources: octopusResources,
      replicas: 1,
    },
    webserverv1: webserver('v1', 'WebServer V1'),
    webserverv2: webserver('v2', 'WebServer V2'),
  },
  services: {
    proxy: { type: 'LoadBalancer', ports: [{ name: 'web', port: 80, protocol: 'TCP', targetPort: octopusPort }] },
    webserver: webserverService({ app: 'webserver' }),
    webserverv1: webserverService({ app: 'webserver', version: 'v1' }),
    webserverv2: webserverService({ app: 'webserver', version: 'v2' }),
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
    ports: [{ containerPort: octopusPort, name: 'web', protocol: 'TCP' }],
    resources: octopusResources,
    container: { name: 'simpleserver' },
  };
}

function webserverService(selector: Record<string, string>): ServiceSettings {
  return {
    type: 'ClusterIP',
    labels: { app: 'webserver' },
    selector,
    ports: [{ name: 'http-web', port: 80, protocol: 'TCP', targetPort: octopusPort }],
  };
}
