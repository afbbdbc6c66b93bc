import type { KnownApp, ServiceSettings, WorkloadSettings } from '../settings';

/** The 12st mall of the MSAEZ course: three Spring services that talk over Kafka. */
export const mall: KnownApp = {
  hub: 'ghcr.io/shinseongjin2/mallbasicforops_v9',
  version: 'v2.0',
  workloads: {
    order: service('order'),
    delivery: service('delivery'),
    product: service('product'),
    'my-kafka': kafka('my-kafka'),
  },
  services: {
    order: http(),
    delivery: http(),
    product: http(),
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

function service(app: string): WorkloadSettings {
  return {
    labels: { app },
    image: `{hub}/${app}:{version}`,
    ports: [{ containerPort: 8080 }],
    readinessProbe: health({ initialDelaySeconds: 10, failureThreshold: 10 }),
    livenessProbe: health({ initialDelaySeconds: 120, failureThreshold: 5 }),
  };
}

function health(patience: Record<string, number>): Record<string, unknown> {
  return { httpGet: { path: '/actuator/health', port: 8080 }, timeoutSeconds: 2, periodSeconds: 5, ...patience };
}

/** The port has no name, as in the course: Istio then detects the protocol. */
function http(): ServiceSettings {
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
