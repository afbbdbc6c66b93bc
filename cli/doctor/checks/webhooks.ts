import type { LiveObject } from '../../../cluster/api';
import { asList, asMap, asName, asString } from '../../../mesh/json';
import { type ClusterFacts, type Finding, known } from '../facts';
import { certificatesIn, fingerprint } from './certificates';
import {
  controlPlanes,
  type ControlPlane,
  injectorsOf,
  labelsOf,
  nameOf,
  namespaceOf,
  objectsOf,
  validatorsOf,
} from './objects';

/** The webhooks of a control plane exist, trust istiod, and lead to it. */
export function judgeWebhooks(facts: ClusterFacts): Finding[] {
  const planes = controlPlanes(facts);
  if (planes.length === 0) return [];
  const [injectors, validators] = [injectorsOf(facts), validatorsOf(facts)];
  const missing = planes.flatMap((plane): Finding[] => [
    ...(injectors.some((one) => revisionOf(one) === plane.revision)
      ? []
      : [noWebhook(plane, 'MutatingWebhookConfiguration', 'new pods get no sidecar')]),
    ...(validators.length > 0
      ? []
      : [noWebhook(plane, 'ValidatingWebhookConfiguration', 'invalid Istio objects are stored')]),
  ]);
  return [
    ...missing,
    ...[...injectors, ...validators].flatMap((configuration) => judgeConfiguration(configuration, planes, facts)),
  ];
}

function noWebhook({ revision, namespace, name }: ControlPlane, kind: string, effect: string): Finding {
  return {
    what: `revision ${revision} has no ${kind}: ${effect}`,
    where: `Deployment ${namespace}/${name}`,
    fix: 'run pulumi up --refresh, which creates it again with the release of istiod or base',
  };
}

function revisionOf(configuration: LiveObject): string {
  return labelsOf(configuration)['istio.io/rev'] ?? 'default';
}

function judgeConfiguration(
  configuration: LiveObject,
  planes: readonly ControlPlane[],
  facts: ClusterFacts,
): Finding[] {
  const where = `${configuration.kind} ${nameOf(configuration)}`;
  const plane = planes.find(({ revision }) => revision === revisionOf(configuration)) ?? planes[0];
  const clients = asList(asMap(configuration)['webhooks']).map((webhook) => asMap(asMap(webhook)['clientConfig']));
  const found = clients.flatMap((client) => [
    ...judgeBundle(where, asString(client['caBundle']) ?? '', known(facts.roots).get(plane?.namespace ?? '')),
    ...(client['service'] === undefined ? [] : judgeService(where, asMap(client['service']), facts)),
  ]);
  // Several webhooks of one object usually have the same fault.
  return [...new Map(found.map((finding) => [finding.what, finding])).values()];
}

function judgeBundle(where: string, bundle: string, root: string | undefined): Finding[] {
  const fix = 'restart istiod, which writes it: kubectl -n istio-system rollout restart deployment/istiod';
  const certificates = certificatesIn(Buffer.from(bundle, 'base64').toString('utf8'));
  if (certificates.length === 0)
    return [{ what: 'has no CA bundle, so the API server cannot call istiod', where, fix }];
  if (root === undefined) return [];
  const roots = new Set(certificatesIn(root).map(fingerprint));
  if (certificates.some((one) => roots.has(fingerprint(one)))) return [];
  return [
    { what: "has a CA bundle without istiod's root certificate, so every call fails with an x509 error", where, fix },
  ];
}

function judgeService(where: string, service: Record<string, unknown>, facts: ClusterFacts): Finding[] {
  const [namespace, name] = [asName(service['namespace']) ?? '', asName(service['name']) ?? ''];
  const isIt = (one: LiveObject): boolean => namespaceOf(one) === namespace && nameOf(one) === name;
  if (!objectsOf(facts, 'services').some(isIt))
    return [
      {
        what: `leads to Service ${namespace}/${name}, which does not exist`,
        where,
        fix: 'install istiod again, or delete the webhook if its control plane is gone',
      },
    ];
  const isReady = objectsOf(facts, 'endpointSlices')
    .filter((slice) => namespaceOf(slice) === namespace && labelsOf(slice)['kubernetes.io/service-name'] === name)
    .flatMap((slice) => asList(asMap(slice)['endpoints']))
    .some((endpoint) => asMap(asMap(endpoint)['conditions'])['ready'] !== false);
  if (isReady) return [];
  return [
    {
      what: `leads to Service ${namespace}/${name}, which has no ready endpoint`,
      where,
      fix: `kubectl -n ${namespace} get pods -l app=istiod`,
    },
  ];
}
