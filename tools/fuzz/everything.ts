/** A stack file with keys and kinds that the project's own files and samples lack. */
export const everything = {
  config: {
    'meshwright:namespaces': { shop: { injection: true, labels: { team: 'a' } }, edge: {} },
    'meshwright:gateways': {
      gw: {
        namespace: 'edge',
        service: { type: 'NodePort', nodePorts: { http2: 30080 } },
        gateways: {
          edge: { public: { servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }] } },
        },
      },
    },
    'meshwright:apps': {
      own: {
        namespace: 'shop',
        workloads: {
          web: {
            image: 'web:1',
            replicas: 2,
            labels: { app: 'web', version: 'v1' },
            env: { A: 'b' },
            ports: [{ name: 'http', containerPort: 8080 }],
            resources: { requests: { cpu: '100m' }, limits: { memory: '64Mi' } },
            readinessProbe: { httpGet: { path: '/', port: 8080 } },
            volumes: [{ name: 'tmp', emptyDir: {} }],
            volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
          },
          'web-v2': { image: 'web:2', labels: { app: 'web', version: 'v2' } },
        },
        services: { web: { ports: [{ name: 'http', port: 80, targetPort: 8080, appProtocol: 'http' }] } },
        secrets: { db: { password: 'x' } },
      },
    },
    'meshwright:routes': {
      shop: {
        web: {
          gateways: ['edge/public', 'mesh'],
          hosts: ['www.example.com'],
          versions: { v1: { trafficPolicy: { connectionPool: { tcp: { maxConnections: 10 } } } }, v2: {} },
          weights: { v1: 'rest', v2: 10 },
          http: [
            {
              match: [{ uri: { regex: '/a.*' }, headers: { cookie: { exact: 'x' } }, method: { exact: 'GET' } }],
              weights: { v2: 100 },
              timeout: '1s',
              retries: { attempts: 2, perTryTimeout: '500ms' },
              fault: { abort: { httpStatus: 500, percentage: { value: 1 } } },
              corsPolicy: { allowOrigins: [{ exact: 'https://a' }] },
              mirror: { host: 'web', subset: 'v2' },
            },
          ],
        },
      },
    },
    'meshwright:objects': [
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'ServiceEntry',
        metadata: { name: 'out', namespace: 'shop' },
        spec: { hosts: ['api.example.com'], ports: [{ number: 443, name: 'tls', protocol: 'TLS' }], resolution: 'DNS' },
      },
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        metadata: { name: 'web', namespace: 'shop' },
        spec: {
          selector: { matchLabels: { app: 'web' } },
          rules: [
            { from: [{ source: { namespaces: ['edge'] } }], to: [{ operation: { methods: ['GET'], paths: ['/*'] } }] },
          ],
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'db', namespace: 'shop' },
        spec: { selector: { app: 'db' }, ports: [{ name: 'tcp', port: 5432 }] },
      },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings', namespace: 'shop', labels: { app: 'web' } },
        data: { currency: 'EUR', limits: 'a: 1' },
      },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'token', namespace: 'shop' },
        type: 'Opaque',
        stringData: { token: 'a' },
      },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'worker', namespace: 'shop', labels: {} } },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'worker', namespace: 'shop', annotations: { note: 'a' } },
        spec: {
          replicas: 1,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
          selector: { matchLabels: { app: 'worker' } },
          template: {
            metadata: { labels: { app: 'worker' } },
            spec: {
              serviceAccountName: 'worker',
              nodeSelector: { zone: 'a' },
              tolerations: [{ key: 'zone', operator: 'Exists', effect: 'NoSchedule' }],
              containers: [
                {
                  name: 'worker',
                  image: 'worker:1',
                  imagePullPolicy: 'IfNotPresent',
                  args: ['--serve'],
                  env: [
                    { name: 'CURRENCY', valueFrom: { configMapKeyRef: { name: 'settings', key: 'currency' } } },
                    { name: 'LEVEL', value: 'info' },
                  ],
                  ports: [{ name: 'http', containerPort: 9000 }],
                  resources: { requests: { cpu: '100m', memory: '64Mi' } },
                  livenessProbe: { httpGet: { path: '/live', port: 'http' }, periodSeconds: 10 },
                  securityContext: { runAsUser: 1000, readOnlyRootFilesystem: true },
                },
              ],
              volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
            },
          },
        },
      },
      {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'worker', namespace: 'shop' },
        spec: {
          minReplicas: 1,
          maxReplicas: 5,
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' },
          metrics: [
            { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
          ],
        },
      },
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'worker', namespace: 'shop' },
        spec: {
          podSelector: { matchLabels: { app: 'worker' } },
          ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 9000 }] }],
        },
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name: 'worker', namespace: 'shop' },
        rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }],
      },
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'Sidecar',
        metadata: { name: 'worker', namespace: 'shop' },
        spec: { workloadSelector: { labels: { app: 'worker' } }, egress: [{ hosts: ['./*', 'edge/*'] }] },
      },
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'WorkloadEntry',
        metadata: { name: 'vm', namespace: 'shop' },
        spec: { address: '10.0.0.7', ports: { http: 8080 }, labels: { app: 'vm' }, weight: 2, locality: 'eu/a' },
      },
      {
        apiVersion: 'telemetry.istio.io/v1',
        kind: 'Telemetry',
        metadata: { name: 'worker', namespace: 'shop' },
        spec: {
          selector: { matchLabels: { app: 'worker' } },
          accessLogging: [{ providers: [{ name: 'envoy' }] }],
          tracing: [{ randomSamplingPercentage: 10 }],
        },
      },
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'PeerAuthentication',
        metadata: { name: 'worker', namespace: 'shop' },
        spec: {
          selector: { matchLabels: { app: 'worker' } },
          mtls: { mode: 'PERMISSIVE' },
          portLevelMtls: { 9000: { mode: 'DISABLE' } },
        },
      },
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'RequestAuthentication',
        metadata: { name: 'web', namespace: 'shop' },
        spec: {
          selector: { matchLabels: { app: 'web' } },
          jwtRules: [{ issuer: 'https://issuer.example.com', jwksUri: 'https://issuer.example.com/keys' }],
        },
      },
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'DestinationRule',
        metadata: { name: 'out', namespace: 'shop' },
        spec: {
          host: 'api.example.com',
          trafficPolicy: {
            loadBalancer: { simple: 'LEAST_REQUEST' },
            outlierDetection: { consecutive5xxErrors: 5, interval: '10s', baseEjectionTime: '30s' },
            connectionPool: { tcp: { connectTimeout: '1s' }, http: { http1MaxPendingRequests: 10 } },
            portLevelSettings: [{ port: { number: 443 }, tls: { mode: 'SIMPLE', sni: 'api.example.com' } }],
          },
        },
      },
    ],
    'meshwright:expect': [{ request: 'web.shop/', from: 'shop', status: 403 }],
    'meshwright:policy': { externals: { hosts: ['*'] }, maxStep: 50 },
  },
};
