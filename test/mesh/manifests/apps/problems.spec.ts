import assert from 'node:assert/strict';
import { appProblems } from '../../../../mesh/manifests/apps/problems';
import type {
  AppSettings,
  ServicePort,
  ServiceSettings,
  WorkloadSettings,
} from '../../../../mesh/manifests/apps/settings';

function problems(name: string, settings: Omit<AppSettings, 'namespace'>): [string, string][] {
  return appProblems(name, { namespace: 'shop', ...settings }).map(({ path, message }) => [path.join('.'), message]);
}

function workloadProblems(workload: WorkloadSettings): [string, string][] {
  return problems('x', { workloads: { w: { image: 'x', ...workload } } }).map(([path, message]) => [
    path.replace('workloads.w.', ''),
    message,
  ]);
}

function serviceProblems(service: ServiceSettings): [string, string][] {
  return problems('x', { workloads: { w: { image: 'x' } }, services: { s: service } }).map(([path, message]) => [
    path.replace('services.s.', ''),
    message,
  ]);
}

const containerPortName =
  'the name of a container port must have at most 15 lower-case letters, digits and single "-" between them, and at least one letter';
const servicePortName =
  'the name of a Service\'s port must have at most 63 lower-case letters, digits and "-", and start and end with a letter or digit';
const portRange = 'a port must be a whole number from 1 to 65535';
const quantity = 'a quantity must be a number with at most one unit, e.g. 200m, 1.5, 64Mi, 2G';

describe('appProblems', () => {
  it('finds no problem in a valid app', () => {
    assert.deepEqual(
      problems('web', {
        replicas: { web: 2 },
        workloads: {
          web: {
            image: 'nginx:1.27',
            ports: [
              { containerPort: 65535, name: 'http' },
              { containerPort: 1, name: 'a23456789012345' },
            ],
            env: { 'a.b-c': '' },
            resources: { requests: { cpu: '500m', memory: 64 }, limits: { cpu: 0.5, memory: '1Ki' } },
          },
        },
        services: {
          web: { type: 'NodePort', ports: [{ port: 80, targetPort: 'http', nodePort: 30080, name: '0' }] },
          other: { spec: { clusterIP: 'None' } },
        },
      }),
      [],
    );
  });

  it('refuses an app that is neither a sample nor has workloads', () => {
    const message =
      'an app needs workloads, or the name of a sample app as its key or in `app`: bookinfo, tutorial, mall, httpbin, fortio, hello, userlist, curltest, octopus';
    assert.deepEqual(problems('web', {}), [['', message]]);
    assert.deepEqual(problems('web', { workloads: {} }), [['', message]]);
  });

  it('refuses hub and version where they have no effect', () => {
    assert.deepEqual(problems('web', { workloads: { web: { image: 'x' } }, hub: 'a', version: '1' }), [
      ['hub', "has no effect on an app of your own; set the workloads' image"],
      ['version', "has no effect on an app of your own; set the workloads' image"],
    ]);
    assert.deepEqual(problems('tutorial', { hub: 'a', version: '1' }), [
      [
        'version',
        'has no effect on the sample app "tutorial", whose images have a version each; set the workloads\' image',
      ],
    ]);
    assert.deepEqual(problems('bookinfo', { hub: 'a', version: '1' }), []);
  });

  it('refuses replicas of a missing workload', () => {
    assert.deepEqual(problems('x', { workloads: { w: { image: 'x' } }, replicas: { v: 2 } }), [
      ['replicas.v', 'no such workload; the app has w'],
    ]);
  });

  it('refuses a workload without an image, unless the container has one verbatim', () => {
    assert.deepEqual(problems('x', { workloads: { w: {}, v: { container: { image: 'x' } } } }), [
      ['workloads.w.image', 'a workload needs an image'],
    ]);
  });

  it('refuses keys that the kind does not have', () => {
    assert.deepEqual(workloadProblems({ kind: 'Pod', replicas: 1, spec: {}, strategy: {}, serviceName: 's' }), [
      ['replicas', 'a Pod has no replicas'],
      ['spec', 'a Pod has no spec'],
      ['strategy', 'a Pod has no strategy'],
      ['serviceName', 'a Pod has no serviceName'],
    ]);
    assert.deepEqual(workloadProblems({ kind: 'StatefulSet', strategy: {}, serviceName: 's' }), [
      ['strategy', 'a StatefulSet has no strategy'],
    ]);
    assert.deepEqual(workloadProblems({ strategy: {}, serviceName: 's' }), [
      ['serviceName', 'a Deployment has no serviceName'],
    ]);
  });

  it('refuses replicas that are not a count', () => {
    const message = 'replicas must be a whole number from 0 to 2147483647';
    assert.deepEqual(workloadProblems({ replicas: 2 ** 31 - 1 }), []);
    assert.deepEqual(workloadProblems({ replicas: 2 ** 31 }), [['replicas', message]]);
    assert.deepEqual(workloadProblems({ replicas: -1 }), [['replicas', message]]);
    assert.deepEqual(workloadProblems({ replicas: 1.5 }), [['replicas', message]]);
  });

  it('refuses container ports out of range or with invalid names', () => {
    const ports = [
      { containerPort: 0 },
      { containerPort: 65536, name: 'Http' },
      { containerPort: 80, name: 'a-23456789012345' },
      { containerPort: 80, name: '80' },
      { containerPort: 80, name: 'a--b' },
    ];
    assert.deepEqual(workloadProblems({ ports }), [
      ['ports.0.containerPort', portRange],
      ['ports.1.containerPort', portRange],
      ['ports.1.name', containerPortName],
      ['ports.2.name', containerPortName],
      ['ports.3.name', containerPortName],
      ['ports.4.name', containerPortName],
    ]);
  });

  it('refuses two container ports of one name', () => {
    const ports = [{ containerPort: 80, name: 'a' }, { containerPort: 81 }, { containerPort: 82 }];
    assert.deepEqual(workloadProblems({ ports }), []);
    assert.deepEqual(workloadProblems({ ports: [...ports, { containerPort: 83, name: 'a' }] }), [
      ['ports.3.name', 'the name "a" is already used by an earlier port'],
    ]);
  });

  it('refuses invalid label keys and values', () => {
    const value =
      'the value of a label must have at most 63 letters, digits, "-", "_" and ".", and start and end with a letter or digit';
    const fine = { app: '', version: 'V_1.0', 'a.example/b_C.d': '0'.repeat(63) };
    assert.deepEqual(workloadProblems({ labels: fine }), []);
    const labels = { app: 'a b', b: '-', c: '0'.repeat(64), '/d': '', 'E.example/e': '', ['f'.repeat(64)]: '' };
    assert.deepEqual(workloadProblems({ labels }), [
      ['labels.app', value],
      ['labels.b', value],
      ['labels.c', value],
      ['labels./d', 'is not a valid label key'],
      ['labels.E.example/e', 'is not a valid label key'],
      [`labels.${'f'.repeat(64)}`, 'is not a valid label key'],
    ]);
  });

  it('refuses probes without a handler, with two, and with a port out of range', () => {
    const httpGet = { path: '/', port: 80 };
    const fine = { livenessProbe: { httpGet: { port: 'http' } }, startupProbe: { exec: { command: ['true'] } } };
    assert.deepEqual(workloadProblems(fine), []);
    const wrong = {
      livenessProbe: { httpGet, tcpSocket: { port: 80 } },
      readinessProbe: { periodSeconds: 1 },
      startupProbe: { grpc: { port: 99999 } },
    };
    assert.deepEqual(workloadProblems(wrong), [
      ['livenessProbe', 'a probe must have exactly one of httpGet, tcpSocket, exec, grpc; this has httpGet, tcpSocket'],
      ['readinessProbe', 'a probe must have exactly one of httpGet, tcpSocket, exec, grpc; this has none'],
      ['startupProbe.grpc.port', portRange],
    ]);
  });

  it('refuses mounts of missing volumes', () => {
    const volumeMounts = [
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'data', mountPath: '/data' },
    ];
    assert.deepEqual(workloadProblems({ volumes: [{ name: 'tmp', emptyDir: {} }], volumeMounts }), [
      ['volumeMounts.1.name', 'there is no volume "data"; there are tmp'],
    ]);
    assert.deepEqual(workloadProblems({ volumeMounts: volumeMounts.slice(1) }), [
      ['volumeMounts.0.name', 'there is no volume "data"; the workload has none'],
    ]);
    assert.deepEqual(workloadProblems({ pod: { volumes: [{ name: 'tmp' }, { name: 'data' }] }, volumeMounts }), []);
    const claims = { volumeClaimTemplates: [{ metadata: { name: 'data' } }] };
    assert.deepEqual(workloadProblems({ kind: 'StatefulSet', spec: claims, volumeMounts }), []);
  });

  it('refuses invalid names of environment variables', () => {
    const message = 'the name of an environment variable must not be empty or contain "="';
    assert.deepEqual(workloadProblems({ env: { '': 'a', 'A=B': 'c' } }), [
      ['env.', message],
      ['env.A=B', message],
    ]);
  });

  it('refuses quantities that are invalid, negative, or above their limit', () => {
    const resources = {
      requests: { cpu: '2', memory: '64MB', storage: -1 },
      limits: { cpu: '1500m', memory: '1Gi' },
    };
    assert.deepEqual(workloadProblems({ resources }), [
      ['resources.requests.memory', quantity],
      ['resources.requests.storage', 'a quantity of a resource must not be negative'],
      ['resources.requests.cpu', 'a request must not exceed its limit, here 1500m'],
    ]);
  });

  it('refuses an image that is not a reference', () => {
    const [[path] = []] = workloadProblems({ image: 'Nginx' });
    assert.equal(path, 'image');
    const [[verbatim] = []] = workloadProblems({ image: 'nginx', container: { image: 'nginx:' } });
    assert.equal(verbatim, 'container.image');
  });

  it('refuses a Service without ports', () => {
    assert.deepEqual(serviceProblems({}), [
      ['ports', 'a Service needs ports, or a selector that finds a workload with ports'],
    ]);
  });

  it('accepts one port for two protocols', () => {
    const ports: ServicePort[] = [
      { port: 53, name: 'udp', protocol: 'UDP' },
      { port: 53, name: 'tcp' },
    ];
    assert.deepEqual(serviceProblems({ ports }), []);
  });

  it('refuses ports of a Service that Kubernetes refuses', () => {
    const ports = [
      { port: 0, name: 'a' },
      { port: 80, name: 'A' },
      { port: 80, name: 'b', targetPort: 70000 },
      { port: 80, name: 'c', targetPort: 'Http' },
      { port: 80, name: 'c', nodePort: 30000 },
      { port: 80 },
    ];
    assert.deepEqual(serviceProblems({ ports }), [
      ['ports.0.port', portRange],
      ['ports.1.name', servicePortName],
      ['ports.2.targetPort', portRange],
      ['ports.3.targetPort', containerPortName],
      ['ports.4.nodePort', 'a nodePort needs `type: NodePort` or `type: LoadBalancer`'],
      ['ports.4.name', 'two ports have the name "c"'],
      ['ports.5', 'each of several ports needs a name'],
      ['ports.2.port', 'port 80 is already used by an earlier port'],
      ['ports.3.port', 'port 80 is already used by an earlier port'],
      ['ports.4.port', 'port 80 is already used by an earlier port'],
      ['ports.5.port', 'port 80 is already used by an earlier port'],
    ]);
  });
});
