import type { EnvValue, KnownApp, ServiceAccountSettings, ServiceSettings, WorkloadSettings } from '../settings';

const httpPort = 9080;
const temporary = { name: 'tmp', emptyDir: {} };

/** Istio's sample bookshop. https://istio.io/latest/docs/examples/bookinfo/ */
export const bookinfo: KnownApp = {
  hub: 'registry.istio.io/release',
  version: '1.20.3',
  workloads: {
    'details-v1': version('details', 'v1'),
    'ratings-v1': version('ratings', 'v1'),
    'reviews-v1': reviews('v1'),
    'reviews-v2': reviews('v2'),
    'reviews-v3': reviews('v3'),
    'productpage-v1': {
      ...version('productpage', 'v1'),
      volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      volumes: [temporary],
    },
    'details-v2': { ...version('details', 'v2'), install: false, env: { DO_NOT_ENCRYPT: 'true' } },
    'ratings-v2': ratingsWithDatabase('v2', { MONGO_DB_URL: 'mongodb://mongodb:27017/test' }),
    'ratings-v2-mysql': ratingsWithDatabase('v2-mysql', mysql('mysqldb')),
    'ratings-v2-mysql-vm': ratingsWithDatabase('v2-mysql-vm', mysql('mysqldb.vm.svc.cluster.local')),
    'mongodb-v1': database('mongodb', 27017),
    'mysqldb-v1': { ...database('mysqldb', 3306), env: { MYSQL_ROOT_PASSWORD: mysqlPassword() } },
  },
  services: {
    details: service('details'),
    ratings: service('ratings'),
    reviews: service('reviews'),
    productpage: service('productpage'),
    mongodb: { ports: [{ port: 27017, name: 'mongo' }] },
    mysqldb: { ports: [{ port: 3306, name: 'mysql' }] },
  },
  serviceAccounts: {
    'bookinfo-details': account('details'),
    'bookinfo-ratings': account('ratings'),
    'bookinfo-reviews': account('reviews'),
    'bookinfo-productpage': account('productpage'),
  },
};

function version(app: string, name: string): WorkloadSettings {
  return {
    labels: { app, version: name },
    serviceAccount: `bookinfo-${app}`,
    image: `{hub}/examples-bookinfo-${app}-${name}:{version}`,
    imagePullPolicy: 'IfNotPresent',
    ports: [{ containerPort: httpPort }],
    securityContext: { runAsUser: 1000 },
  };
}

function reviews(name: string): WorkloadSettings {
  return {
    ...version('reviews', name),
    env: { LOG_DIR: '/tmp/logs' },
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'wlp-output', mountPath: '/opt/ibm/wlp/output' },
    ],
    volumes: [{ name: 'wlp-output', emptyDir: {} }, temporary],
  };
}

/** All database variants share one image; its environment names the database. */
function ratingsWithDatabase(name: string, env: Record<string, EnvValue>): WorkloadSettings {
  return {
    ...version('ratings', name),
    install: false,
    image: '{hub}/examples-bookinfo-ratings-v2:{version}',
    env,
  };
}

function mysql(host: string): Record<string, EnvValue> {
  return {
    DB_TYPE: 'mysql',
    MYSQL_DB_HOST: host,
    MYSQL_DB_PORT: '3306',
    MYSQL_DB_USER: 'root',
    MYSQL_DB_PASSWORD: mysqlPassword(),
  };
}

/** Set it with the app's `secrets`. The database image expects the password `password`. */
function mysqlPassword(): EnvValue {
  return { valueFrom: { secretKeyRef: { name: 'mysql-credentials', key: 'rootpasswd' } } };
}

function database(app: string, port: number): WorkloadSettings {
  return {
    install: false,
    labels: { app, version: 'v1' },
    image: `{hub}/examples-bookinfo-${app}:{version}`,
    imagePullPolicy: 'IfNotPresent',
    ports: [{ containerPort: port }],
  };
}

function service(name: string): ServiceSettings {
  return { labels: { app: name, service: name }, ports: [{ port: httpPort, name: 'http' }] };
}

function account(name: string): ServiceAccountSettings {
  return { labels: { account: name } };
}
