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
    customer: service('customer', 'v1', 'v1.1', small),
    'preference-v1': service('preference', 'v1', 'v1.1', small),
    'recommendation-v1': service('recommendation', 'v1', 'v1.2', larger),
    'recommendation-v2': service('recommendation', 'v2', 'v2.2', larger),
  },
  services: { customer: http('customer'), preference: http('preference'), recommendation: http('recommendation') },
};

function service(app: string, version: string, tag: string, resources: ResourceSettings): WorkloadSettings {
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
    livenessProbe: { ...health('live'), initialDelaySeconds: 5, periodSeconds: 4, timeoutSeconds: 1 },
    readinessProbe: { ...health('ready'), initialDelaySeconds: 6, periodSeconds: 5, timeoutSeconds: 1 },
    securityContext: { privileged: false },
  };
}

function health(state: 'live' | 'ready'): Record<string, unknown> {
  return { exec: { command: ['curl', `localhost:8080/health/${state}`] } };
}

function http(app: string): ServiceSettings {
  return { labels: { app }, ports: [{ name: 'http', port: 8080 }] };
}
