import { kubernetesProblems } from '../schema/kubernetes';
import type { Rule } from '../rule';

/** What the API server refuses: names, labels and annotations of every object, and all fields of Kubernetes' own kinds. */
export const kubernetesSchema: Rule = {
  id: 'kubernetes-schema',
  level: 'mandatory',
  title: 'the API server accepts every object',
  single: true,
  docs: {
    why: 'The API server refuses such an object in the middle of a deployment, when half of the change is done. A misspelt field is dropped silently, and has no effect.',
    bad: `
apiVersion: v1
kind: Service
metadata: { name: order, namespace: mall, labels: { team: shop team } }
spec:
  selector: { app: order }
  ports: [{ name: http, port: 80, targetport: 8080 }]
`,
    good: `
apiVersion: v1
kind: Service
metadata: { name: order, namespace: mall, labels: { team: shop-team } }
spec:
  selector: { app: order }
  ports: [{ name: http, port: 80, targetPort: 8080 }]
`,
    fix: 'Change the value as the message says; `kubectl explain KIND.FIELD` describes every field.',
  },
  check: (model) =>
    model.objects.all.flatMap(({ object }) =>
      kubernetesProblems(object).map(({ path, message }) => ({ object, path, message })),
    ),
};
