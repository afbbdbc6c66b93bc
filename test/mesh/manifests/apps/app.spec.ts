import assert from 'node:assert/strict';
import { appObjects } from '../../../../mesh/manifests/apps/app';
import { type AppSettings, knownAppNames } from '../../../../mesh/manifests/apps/settings';
import { appProblems } from '../../../../mesh/manifests/apps/problems';
import { objectTitle } from '../../../../mesh/manifests/kubernetes';

function objects(name: string, settings: Omit<AppSettings, 'namespace'>) {
  return appObjects(name, { namespace: 'shop', ...settings }, { shop: { injection: true } }).map(
    ({ object }) => object,
  );
}

function titles(name: string, settings: Omit<AppSettings, 'namespace'>): string[] {
  return objects(name, settings).map(objectTitle);
}

describe('an app', () => {
  it('is a Deployment for a workload with only an image', () => {
    assert.deepEqual(appObjects('web', { namespace: 'shop', workloads: { web: { image: 'nginx:1.27' } } }, {}), [
      {
        object: {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
          spec: {
            selector: { matchLabels: { app: 'web' } },
            template: {
              metadata: { labels: { app: 'web' }, annotations: { 'meshwright.io/injection': 'none' } },
              spec: { containers: [{ name: 'web', image: 'nginx:1.27' }] },
            },
          },
        },
        origin: 'meshwright:apps.web.workloads.web',
      },
    ]);
  });

  it('has every field of a workload under its Kubernetes name', () => {
    const [account, deployment] = objects('web', {
      workloads: {
        'web-v1': {
          labels: { app: 'web', version: 'v1', team: 'a' },
          annotations: { 'example.com/x': '775' },
          podAnnotations: { 'prometheus.io/scrape': 'true' },
          replicas: 0,
          strategy: { type: 'Recreate' },
          serviceAccount: 'web',
          image: 'nginx',
          imagePullPolicy: 'Never',
          command: ['nginx'],
          args: ['-g', 'daemon off;'],
          env: { LOG: '1', EMPTY: '', KEY: { valueFrom: { secretKeyRef: { name: 'web', key: 'key' } } } },
          ports: [{ containerPort: 80, name: 'http' }],
          livenessProbe: { httpGet: { path: '/', port: 80 } },
          readinessProbe: { tcpSocket: { port: 80 }, failureThreshold: 10 },
          startupProbe: { exec: { command: ['true'] } },
          resources: { requests: { cpu: '25m' }, limits: { cpu: 1, memory: '64Mi' } },
          securityContext: { runAsUser: 0 },
          volumes: [{ name: 'tmp', emptyDir: {} }],
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
          container: { name: 'server', lifecycle: { preStop: { sleep: { seconds: 5 } } } },
          pod: { terminationGracePeriodSeconds: 0, containers: [{ name: 'helper', image: 'busybox' }] },
          spec: { revisionHistoryLimit: 0 },
        },
      },
    });
    assert.deepEqual(account, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'web', namespace: 'shop' },
    });
    assert.deepEqual(deployment, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'web-v1',
        namespace: 'shop',
        labels: { app: 'web', version: 'v1', team: 'a' },
        annotations: { 'example.com/x': '775' },
      },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'web', version: 'v1' } },
        strategy: { type: 'Recreate' },
        revisionHistoryLimit: 0,
        template: {
          metadata: {
            labels: { app: 'web', version: 'v1', team: 'a' },
            annotations: { 'prometheus.io/scrape': 'true', 'meshwright.io/injection': 'enabled' },
          },
          spec: {
            serviceAccountName: 'web',
            terminationGracePeriodSeconds: 0,
            volumes: [{ name: 'tmp', emptyDir: {} }],
            containers: [
              {
                name: 'server',
                image: 'nginx',
                imagePullPolicy: 'Never',
                command: ['nginx'],
                args: ['-g', 'daemon off;'],
                env: [
                  { name: 'LOG', value: '1' },
                  { name: 'EMPTY', value: '' },
                  { name: 'KEY', valueFrom: { secretKeyRef: { name: 'web', key: 'key' } } },
                ],
                ports: [{ containerPort: 80, name: 'http' }],
                livenessProbe: { httpGet: { path: '/', port: 80 } },
                readinessProbe: { tcpSocket: { port: 80 }, failureThreshold: 10 },
                startupProbe: { exec: { command: ['true'] } },
                resources: { requests: { cpu: '25m' }, limits: { cpu: 1, memory: '64Mi' } },
                securityContext: { runAsUser: 0 },
                volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
                lifecycle: { preStop: { sleep: { seconds: 5 } } },
              },
              { name: 'helper', image: 'busybox' },
            ],
          },
        },
      },
    });
  });

  it('makes bare Pods with the injection of their namespace as an annotation', () => {
    assert.deepEqual(objects('one', { workloads: { one: { kind: 'Pod', image: 'x', annotations: { a: 'b' } } } }), [
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name: 'one',
          namespace: 'shop',
          labels: { app: 'one' },
          annotations: { a: 'b', 'meshwright.io/injection': 'enabled' },
        },
        spec: { containers: [{ name: 'one', image: 'x' }] },
      },
    ]);
  });

  it('makes StatefulSets, with the governing Service that they name, or one with their name', () => {
    const specs = objects('db', {
      workloads: {
        db: { kind: 'StatefulSet', image: 'x', serviceName: 'db-headless' },
        cache: { kind: 'StatefulSet', image: 'x' },
      },
    }).map(({ kind, spec }) => [kind, spec?.['serviceName']]);
    assert.deepEqual(specs, [
      ['StatefulSet', 'db-headless'],
      ['StatefulSet', 'cache'],
    ]);
  });

  it('gives a Service without ports those of the first workload that it selects', () => {
    const [service] = objects('web', {
      workloads: {
        'web-v1': { labels: { app: 'web', version: 'v1' }, image: 'x', ports: [{ containerPort: 8080, name: 'http' }] },
      },
      services: { web: {} },
    });
    assert.deepEqual(service, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
      spec: { ports: [{ port: 8080, name: 'http' }], selector: { app: 'web' } },
    });
  });

  it('keeps the fields of a Service', () => {
    const [service] = objects('web', {
      workloads: { web: { image: 'x' } },
      services: {
        web: {
          type: 'NodePort',
          ports: [{ port: 80, targetPort: 'http', nodePort: 30080 }],
          selector: { role: 'front' },
          labels: {},
          annotations: { a: 'b' },
          spec: { externalTrafficPolicy: 'Local' },
        },
      },
    });
    assert.deepEqual(service, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop', labels: {}, annotations: { a: 'b' } },
      spec: {
        type: 'NodePort',
        ports: [{ port: 80, targetPort: 'http', nodePort: 30080 }],
        selector: { role: 'front' },
        externalTrafficPolicy: 'Local',
      },
    });
  });

  it('makes one ServiceAccount for each name that an installed workload uses, except default and existing ones', () => {
    const workloads = {
      a: { image: 'x', serviceAccount: 'shared' },
      b: { image: 'x', serviceAccount: 'shared' },
      c: { image: 'x', serviceAccount: 'default' },
      d: { image: 'x', serviceAccount: 'there' },
      e: { image: 'x', serviceAccount: 'unused', install: false },
    };
    const serviceAccounts = { shared: { labels: { a: 'b' }, annotations: { c: 'd' } }, there: { install: false } };
    assert.deepEqual(
      objects('x', { workloads, serviceAccounts }).filter(({ kind }) => kind === 'ServiceAccount'),
      [
        {
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: 'shared', namespace: 'shop', labels: { a: 'b' }, annotations: { c: 'd' } },
        },
      ],
    );
  });

  it('makes Secrets of its secrets', () => {
    const [secret] = appObjects('x', { namespace: 'shop', workloads: {}, secrets: { db: { password: 'p' } } }, {});
    assert.deepEqual(secret, {
      object: {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'db', namespace: 'shop' },
        stringData: { password: 'p' },
      },
      origin: 'meshwright:apps.x.secrets.db',
    });
  });

  it('changes nothing but spec.replicas when a workload is scaled', () => {
    const before = objects('tutorial', { replicas: { 'recommendation-v2': 1 } });
    const after = objects('tutorial', { replicas: { 'recommendation-v2': 2 } });
    const expected = before.map((object) =>
      object.metadata.name === 'recommendation-v2' ? { ...object, spec: { ...object.spec, replicas: 2 } } : object,
    );
    assert.deepEqual(after, expected);
    assert.notDeepEqual(after, before);
  });
});

describe('a sample app', () => {
  it('is chosen by the key, or by name under any key', () => {
    assert.deepEqual(objects('anything', { app: 'httpbin' }), objects('httpbin', {}));
  });

  it('is merged with the settings, maps key by key', () => {
    const [, deployment] = objects('httpbin', { workloads: { httpbin: { env: { A: '1' }, replicas: 3 } } });
    assert.deepEqual(deployment?.spec, {
      replicas: 3,
      selector: { matchLabels: { app: 'httpbin' } },
      template: {
        metadata: { labels: { app: 'httpbin' }, annotations: { 'meshwright.io/injection': 'enabled' } },
        spec: {
          containers: [
            {
              name: 'httpbin',
              image: 'docker.io/honester/httpbin:latest',
              imagePullPolicy: 'IfNotPresent',
              env: [{ name: 'A', value: '1' }],
              ports: [{ containerPort: 80 }],
            },
          ],
        },
      },
    });
  });

  it('has one hub and version for all its images, slash or not', () => {
    const images = objects('bookinfo', { hub: 'registry.example:5000/mirror/', version: '1.16.4' }).flatMap(
      ({ kind, spec }) => (kind === 'Deployment' ? [imageOf(spec)] : []),
    );
    assert.deepEqual(images, [
      'registry.example:5000/mirror/examples-bookinfo-details-v1:1.16.4',
      'registry.example:5000/mirror/examples-bookinfo-ratings-v1:1.16.4',
      'registry.example:5000/mirror/examples-bookinfo-reviews-v1:1.16.4',
      'registry.example:5000/mirror/examples-bookinfo-reviews-v2:1.16.4',
      'registry.example:5000/mirror/examples-bookinfo-reviews-v3:1.16.4',
      'registry.example:5000/mirror/examples-bookinfo-productpage-v1:1.16.4',
    ]);
  });

  it('leaves out a workload, and the Service that then selects none', () => {
    const left = titles('tutorial', {
      workloads: {
        'preference-v1': { install: false },
        'recommendation-v1': { install: false },
      },
    });
    assert.deepEqual(left, [
      'ServiceAccount shop/customer',
      'ServiceAccount shop/recommendation',
      'Service shop/customer',
      'Service shop/recommendation',
      'Deployment shop/customer',
      'Deployment shop/recommendation-v2',
    ]);
  });

  it('keeps a Service without workloads that the settings name', () => {
    const settings = { workloads: { httpbin: { install: false } }, services: { httpbin: {} } };
    assert.deepEqual(titles('httpbin', settings), ['Service shop/httpbin']);
  });

  it('adds the database variants of ratings when they are enabled, with passwords by reference', () => {
    const before = titles('bookinfo', {});
    const withMysql = {
      workloads: { 'ratings-v2-mysql': { install: true }, 'mysqldb-v1': { install: true } },
    };
    assert.deepEqual(
      titles('bookinfo', withMysql).filter((title) => !before.includes(title)),
      ['Service shop/mysqldb', 'Deployment shop/ratings-v2-mysql', 'Deployment shop/mysqldb-v1'],
    );
    const password = { valueFrom: { secretKeyRef: { name: 'mysql-credentials', key: 'rootpasswd' } } };
    const ratings = objects('bookinfo', withMysql).find(({ metadata }) => metadata.name === 'ratings-v2-mysql');
    assert.deepEqual(containersOf(ratings?.spec)[0]?.['env'], [
      { name: 'DB_TYPE', value: 'mysql' },
      { name: 'MYSQL_DB_HOST', value: 'mysqldb' },
      { name: 'MYSQL_DB_PORT', value: '3306' },
      { name: 'MYSQL_DB_USER', value: 'root' },
      { name: 'MYSQL_DB_PASSWORD', ...password },
    ]);
  });

  for (const name of knownAppNames) {
    it(`is valid: ${name}`, () => {
      assert.deepEqual(appProblems(name, { namespace: 'shop' }), []);
      assert.notDeepEqual(titles(name, {}), []);
    });
  }
});

function containersOf(spec: Record<string, unknown> | undefined): Record<string, unknown>[] {
  const { template } = spec as { template: { spec: { containers: Record<string, unknown>[] } } };
  return template.spec.containers;
}

function imageOf(spec: Record<string, unknown> | undefined): unknown {
  return containersOf(spec)[0]?.['image'];
}
