import assert from 'node:assert/strict';
import { parse } from 'yaml';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { isClusterScoped, kubernetesProblems } from '../../../policy/schema/kubernetes';

/** What is wrong with an object, as path and the start of the message. */
function problems(text: string): [string, string][] {
  return kubernetesProblems(parse(text) as KubernetesObject).map(({ path, message }) => [path, message]);
}

const pod = (spec: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: ${spec}
`;

const sound = `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db.main, namespace: shop, labels: { app.kubernetes.io/name: db, empty: "" }, annotations: { Example.com/Note: any text at all } }
spec:
  serviceName: db
  replicas: 0
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec:
      containers:
        - name: db
          image: db:1
          env: [{ name: A.b-c, value: "1" }, { name: D, valueFrom: { fieldRef: { fieldPath: metadata.name } } }]
          ports: [{ name: tcp-db, containerPort: 5432 }]
          resources: { requests: { cpu: 100m, memory: 1Gi, example.com/gpu: 1 }, limits: { cpu: 2 } }
          readinessProbe: { tcpSocket: { port: tcp-db } }
          volumeMounts: [{ name: data, mountPath: /data }, { name: tmp, mountPath: /tmp }]
          securityContext: null
      volumes: [{ name: tmp, emptyDir: {} }]
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;

describe('the schemas of Kubernetes', () => {
  it('accept sound objects, and fields that are null', () => {
    assert.deepEqual(problems(sound), []);
  });

  for (const [title, text, expected] of [
    [
      'an unknown field, with the one that was meant',
      pod('{ containers: [{ name: web, image: web, imagePullpolicy: Always }] }'),
      [
        'spec.template.spec.containers[0].imagePullpolicy',
        'unknown field "imagePullpolicy"; did you mean "imagePullPolicy"?',
      ],
    ],
    [
      'a value of another type',
      pod('{ containers: [{ name: web, image: web, env: [{ name: A, value: 1 }] }] }'),
      ['spec.template.spec.containers[0].env[0].value', 'must be a string (put it in quotes), not the value'],
    ],
    [
      'a value that is not a member of an enumeration',
      pod('{ restartPolicy: Sometimes, containers: [{ name: web, image: web }] }'),
      ['spec.template.spec.restartPolicy', '"Sometimes" is not allowed; allowed are Always, Never, OnFailure'],
    ],
    [
      'a null in a list',
      pod('{ containers: [{ name: web, image: web, args: [null] }] }'),
      ['spec.template.spec.containers[0].args[0]', 'must not be null; remove it from the list'],
    ],
    [
      'a field that is missing',
      pod('{ containers: [{ image: web }] }'),
      ['spec.template.spec.containers[0]', 'name is missing'],
    ],
    [
      'a number that is not a quantity',
      pod('{ containers: [{ name: web, image: web, resources: { limits: { memory: 64 MB } } }] }'),
      [
        'spec.template.spec.containers[0].resources.limits.memory',
        'must be a quantity such as 500m, 2 or 64Mi, not "64 MB"',
      ],
    ],
    [
      'a resource without a domain',
      pod('{ containers: [{ name: web, image: web, resources: { limits: { gpu: 1 } } }] }'),
      [
        'spec.template.spec.containers[0].resources.limits.gpu',
        '"gpu" is not a resource name: cpu, memory, ephemeral-storage, hugepages-… or a name with a domain',
      ],
    ],
    [
      'the name of an environment variable',
      pod('{ containers: [{ name: web, image: web, env: [{ name: "A=B" }] }] }'),
      [
        'spec.template.spec.containers[0].env[0].name',
        'the value is not a valid name of an environment variable: printable ASCII without "="',
      ],
    ],
    [
      'a volume that the pod does not have',
      pod('{ containers: [{ name: web, image: web, volumeMounts: [{ name: a, mountPath: /a }] }] }'),
      ['spec.template.spec.containers[0].volumeMounts[0].name', 'the pod has no volume "a"'],
    ],
    [
      'a probe without a handler',
      pod('{ containers: [{ name: web, image: web, livenessProbe: { periodSeconds: 5 } }] }'),
      ['spec.template.spec.containers[0].livenessProbe', 'needs exactly one of exec, grpc, httpGet, tcpSocket'],
    ],
    [
      'a selector that the template does not meet',
      pod('{ containers: [{ name: web, image: web }] }').replace(
        '{ labels: { app: web } }',
        '{ labels: { app: other } }',
      ),
      ['spec.selector.matchLabels.app', 'the pod template needs the label app: web too'],
    ],
    [
      'appProtocol',
      'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80, appProtocol: "http 2" }] }\n',
      [
        'spec.ports[0].appProtocol',
        '"http 2" is not a protocol name: letters, digits, "-", "_" and ".", at most 63 characters, perhaps after a DNS name and "/"',
      ],
    ],
    [
      'a TLS Secret without a key',
      'apiVersion: v1\nkind: Secret\nmetadata: { name: tls }\ntype: kubernetes.io/tls\nstringData: { tls.crt: x }\n',
      ['', 'a Secret of type kubernetes.io/tls needs the key tls.key'],
    ],
    [
      'the data of a Secret that is not base64',
      'apiVersion: v1\nkind: Secret\nmetadata: { name: a }\ndata: { a: "*" }\n',
      ['data.a', 'must be encoded in base64, not "*"'],
    ],
    [
      'the value of a label, also of a kind that is not known',
      'apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a, labels: { team: shop team } }\nspec: { any: 1 }\n',
      [
        'metadata.labels.team',
        '"shop team" is not a valid label value: letters, digits, "-", "_" and ".", at most 63 characters, starting and ending with a letter or digit',
      ],
    ],
    [
      'a label that YAML reads as a number',
      'apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a, labels: { version: 1 } }\n',
      ['metadata.labels.version', 'must be a string (put it in quotes), not 1'],
    ],
    [
      'the name of an object',
      'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: Ratings_v1, namespace: shop }\n',
      [
        'metadata.name',
        '"Ratings_v1" is not a valid name of an object: lower-case letters, digits, "-" and ".", at most 253 characters, each part starting and ending with a letter or digit',
      ],
    ],
    [
      'the name of a Service that starts with a digit',
      'apiVersion: v1\nkind: Service\nmetadata: { name: 1web }\nspec: { ports: [{ port: 80 }] }\n',
      [
        'metadata.name',
        '"1web" is not a valid name of an object: lower-case letters, digits and "-", at most 63 characters, starting and ending with a letter or digit, the first a letter',
      ],
    ],
  ] as const) {
    it(`refuse ${title}`, () => {
      assert.deepEqual(problems(text), [expected]);
    });
  }

  it('allow any URL segment as the name of a role', () => {
    const role = (name: string): string =>
      `apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: { name: "${name}" }\n`;
    assert.deepEqual(
      ['system:a_B', 'a/b', '..'].map((name) => problems(role(name)).length),
      [0, 1, 1],
    );
  });

  it('know the kinds that are cluster-scoped', () => {
    const kinds = [
      ['v1', 'Namespace'],
      ['v1', 'Service'],
      ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
      ['gateway.networking.k8s.io/v1', 'GatewayClass'],
      ['networking.istio.io/v1', 'Gateway'],
    ] as const;
    assert.deepEqual(
      kinds.map(([apiVersion, kind]) => isClusterScoped({ apiVersion, kind })),
      [true, false, true, true, false],
    );
  });
});

describe('types and fields that no API server has', () => {
  const object = (apiVersion: string, kind: string, fields = ''): string =>
    `apiVersion: ${JSON.stringify(apiVersion)}\nkind: ${JSON.stringify(kind)}\nmetadata: { name: web, namespace: shop }\n${fields}`;
  const paths = (text: string): string[] => problems(text).map(([path]) => path);

  it('are refused: API versions and kinds that cannot exist, and unknown ones of Kubernetes', () => {
    for (const apiVersion of ['{{ .Values.a }}', 'apps', 'v2', 'a b/v1', 'autoscaling/v9', 'autoscaling/n1'])
      assert.deepEqual(paths(object(apiVersion, 'HorizontalPodAutoscaler')), ['apiVersion'], apiVersion);
    for (const kind of [' ', 'yes', 'a/b', 'x'.repeat(64)])
      assert.deepEqual(paths(object('apps/v1', kind)), ['kind'], kind);
    assert.deepEqual(problems(object('v1', 'WorkloadEntry')), [['kind', 'v1 has no kind WorkloadEntry']]);
  });

  it('are not suspected: kinds of extensions, beta versions, and core kinds without a schema', () => {
    for (const [apiVersion, kind] of [
      ['example.com/v1', 'widget'],
      ['example.com/foo10', 'Widget'],
      ['networking.k8s.io/v1beta1', 'IPAddress'],
      ['autoscaling/v2beta2', 'HorizontalPodAutoscaler'],
      ['v1', 'Event'],
      ['v1', 'PodList'],
    ] as const)
      assert.deepEqual(problems(object(apiVersion, kind)), [], kind);
  });

  it('are refused in selectors, autoscalers, network policies, rolling updates, tolerations and volumes', () => {
    const policy = (peer: string): string =>
      object('networking.k8s.io/v1', 'NetworkPolicy', `spec: { podSelector: {}, ingress: [{ from: [${peer}] }] }`);
    assert.deepEqual(paths(policy('{ podSelector: { matchLabels: { app: "a b" } } }')), [
      'spec.ingress[0].from[0].podSelector.matchLabels.app',
    ]);
    assert.deepEqual(paths(policy('{ podSelector: {} }')), []);
    assert.deepEqual(paths(policy('{}')), ['spec.ingress[0].from[0]']);
    const scaler = (replicas: string): string =>
      object(
        'autoscaling/v2',
        'HorizontalPodAutoscaler',
        `spec: { ${replicas}, scaleTargetRef: { kind: Deployment, name: web } }`,
      );
    assert.deepEqual(paths(scaler('minReplicas: 6, maxReplicas: 5')), ['spec.maxReplicas']);
    assert.deepEqual(paths(scaler('maxReplicas: 5')), []);
    assert.deepEqual(
      paths(
        pod(`
      tolerations: [{ key: "a b", operator: Exists }]
      containers: [{ name: web, image: web }]
      volumes: [{ name: a, emptyDir: {}, configMap: { name: a } }]
  strategy: { rollingUpdate: { maxSurge: 25%, maxUnavailable: some } }`),
      ).sort(),
      [
        'spec.strategy.rollingUpdate.maxUnavailable',
        'spec.template.spec.tolerations[0].key',
        'spec.template.spec.volumes[0]',
      ],
    );
  });
});
