import { rivalPolicies } from '../model/rival-policies';
import { examples, type Rule } from '../rule';

export const peerauthUnique: Rule = {
  id: 'peerauth-unique',
  level: 'mandatory',
  title: 'at most one PeerAuthentication applies to a namespace, and one to a workload',
  kiali: ['KIA0002', 'KIA0003'],
  single: false,
  docs: {
    why: 'If two apply to one workload on the same level, istiod uses the older and ignores the other: the order of creation decides whether plaintext is refused.',
    ...examples(
      `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: bookinfo }
spec: { mtls: { mode: STRICT } }
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: legacy, namespace: bookinfo }
spec: { mtls: { mode: PERMISSIVE } }
`,
      [
        'spec: { mtls: { mode: PERMISSIVE',
        'spec: { selector: { matchLabels: { app: legacy } }, mtls: { mode: PERMISSIVE',
      ],
    ),
    fix: 'Keep one of them, or give each a selector that no workload of the other carries.',
  },
  check: (model) => rivalPolicies(model, 'PeerAuthentication', { field: 'selector', labels: 'matchLabels' }),
};
