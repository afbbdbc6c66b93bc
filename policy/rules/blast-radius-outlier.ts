import { asList, asMap, asNumber, isMap, type JsonMap } from '../../mesh/json';
import type { MeshModel } from '../../mesh/model/mesh-model';
import { hostRules, type HostRule, policiesOf, type PlacedPolicy } from '../model/host-rules';
import { podLabels } from '../model/workloads';
import { examples, type Rule, type Violation } from '../rule';

/** In a service of at most this many pods, one or two outliers can be all of them. */
const few = 3;

export const blastRadiusOutlier: Rule = {
  id: 'blast-radius-outlier',
  level: 'advisory',
  title: 'outlier detection cannot eject every pod, and locality failover has outlier detection',
  istio: ['IST0133'],
  single: false,
  docs: {
    why: 'With maxEjectionPercent 100 a few errors at the same time eject every pod of a small service, and all its requests fail. Locality failover does nothing until outlier detection marks a locality as down.',
    ...examples(
      `
apiVersion: v1
kind: Service
metadata: { name: httpbin, namespace: tools }
spec: { selector: { app: httpbin }, ports: [{ name: http, port: 8000 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: httpbin, namespace: tools }
spec:
  replicas: 1
  selector: { matchLabels: { app: httpbin } }
  template: { metadata: { labels: { app: httpbin } } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: httpbin, namespace: tools }
spec:
  host: httpbin
  trafficPolicy: { outlierDetection: { consecutive5xxErrors: 1, maxEjectionPercent: 100 } }
`,
      ['consecutive5xxErrors: 1, maxEjectionPercent: 100', 'consecutive5xxErrors: 5, maxEjectionPercent: 50'],
    ),
    fix: 'Lower maxEjectionPercent, set minHealthPercent, or run more pods. Set outlierDetection wherever localityLbSetting is set.',
  },
  check: (model) =>
    hostRules(model).all.flatMap((rule) =>
      policiesOf(rule).flatMap((placed) => [...ejectsAll(model, rule, placed), ...failsOverBlindly(rule, placed)]),
    ),
};

function ejectsAll(model: MeshModel, rule: HostRule, { policy, path, subset }: PlacedPolicy): Violation[] {
  const detection = asMap(policy['outlierDetection']);
  if (asNumber(detection['maxEjectionPercent']) !== 100 || (asNumber(detection['minHealthPercent']) ?? 0) > 0)
    return [];
  const pods = podsBehind(model, rule, subset);
  if (pods === undefined || pods === 0 || pods > few) return [];
  const message = `maxEjectionPercent 100 can eject ${pods === 1 ? 'the only pod' : `all ${pods} pods`} of ${rule.host}${subset === undefined ? '' : ` subset ${subset}`} at once, and then every request fails; lower it, set minHealthPercent, or run more pods`;
  return [{ object: rule.source.object, path: `${path}.outlierDetection.maxEjectionPercent`, message }];
}

/** Undefined when the objects do not show them, or leave their number to an autoscaler. */
function podsBehind(model: MeshModel, rule: HostRule, subset: string | undefined): number | undefined {
  const service = model.services.withHost(rule.host)[0];
  if (service === undefined) return undefined;
  const labels = rule.subsets.find(({ name }) => name === subset)?.labels ?? {};
  const workloads = model.workloads.behind(service, podLabels(labels));
  if (workloads.length === 0 || workloads.some(({ replicas }) => replicas === undefined)) return undefined;
  return workloads.reduce((sum, { replicas = 0 }) => sum + replicas, 0);
}

function failsOverBlindly(rule: HostRule, { policy, path, port }: PlacedPolicy): Violation[] {
  const locality = asMap(asMap(policy['loadBalancer'])['localityLbSetting']);
  const inherited: JsonMap = port === undefined ? (rule.trafficPolicy ?? {}) : {};
  const detected = isMap(policy['outlierDetection']) || isMap(inherited['outlierDetection']);
  if (detected || !['failover', 'failoverPriority'].some((field) => asList(locality[field]).length > 0)) return [];
  const message = `failover between localities of ${rule.host} never happens without outlierDetection, which detects that a locality is down; add outlierDetection to this policy`;
  return [{ object: rule.source.object, path: `${path}.loadBalancer.localityLbSetting`, message }];
}
