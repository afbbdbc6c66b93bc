import { counted } from '../../mesh/strings';
import { judgeCertificates } from './checks/certificates';
import { judgeControlPlane, judgeReleases, judgeVersions } from './checks/installation';
import { judgeWebhooks } from './checks/webhooks';
import {
  judgeAutoImages,
  judgeLoadBalancers,
  judgeNamespaces,
  judgeProxyVersions,
  judgeRevisions,
  judgeSidecars,
} from './checks/workloads';
import { type ClusterFacts, type Finding, type LocalFacts, UnknownFact } from './facts';
import { judgeCharts, judgeNode, judgePulumi, judgeRouteProvider, judgeStackFile } from './local';
import { judgeRights } from './rights';

interface Check<Facts> {
  id: string;
  /** What the report says if there are no findings. */
  fine: string;
  judge: (facts: Facts) => Finding[];
}

/** The outcome of a check. */
export interface Result {
  check: string;
  fine: string;
  findings: Finding[];
  /** Why the check could not be run. */
  unknown?: string;
}

const localChecks: readonly Check<LocalFacts>[] = [
  { id: 'node', fine: 'Node is new enough', judge: judgeNode },
  { id: 'pulumi', fine: 'Pulumi and its plugins fit', judge: judgePulumi },
  { id: 'route-provider', fine: 'the provider of routes is in place', judge: judgeRouteProvider },
  { id: 'stack-file', fine: 'no stack file is refused', judge: judgeStackFile },
  { id: 'charts', fine: 'all chart sources answer', judge: judgeCharts },
];

const clusterChecks: readonly Check<ClusterFacts>[] = [
  { id: 'versions', fine: 'Istio supports this Kubernetes', judge: judgeVersions },
  { id: 'istiod', fine: 'every istiod has ready pods', judge: judgeControlPlane },
  { id: 'webhooks', fine: "webhooks exist, have istiod's root certificate, and lead to istiod", judge: judgeWebhooks },
  { id: 'revisions', fine: 'every revision that a namespace asks for is served', judge: judgeRevisions },
  { id: 'sidecars', fine: 'every pod that should have a sidecar has one', judge: judgeSidecars },
  { id: 'proxy-versions', fine: 'proxies have the version of istiod', judge: judgeProxyVersions },
  { id: 'auto-images', fine: 'no pod waits for the injector', judge: judgeAutoImages },
  {
    id: 'certificates',
    fine: 'no certificate expires soon, and no Secret of a Gateway is missing',
    judge: judgeCertificates,
  },
  { id: 'releases', fine: 'no Helm release is stuck', judge: judgeReleases },
  { id: 'load-balancers', fine: 'every load balancer has an address', judge: judgeLoadBalancers },
  { id: 'namespaces', fine: 'no namespace is being deleted', judge: judgeNamespaces },
  { id: 'rights', fine: 'the user has the rights that an update needs', judge: judgeRights },
];

export function judgeLocal(facts: LocalFacts): Result[] {
  return localChecks.map((check) => resultOf(check, facts));
}

export function judgeCluster(facts: ClusterFacts): Result[] {
  return clusterChecks.map((check) => resultOf(check, facts));
}

function resultOf<Facts>({ id, fine, judge }: Check<Facts>, facts: Facts): Result {
  try {
    return { check: id, fine, findings: judge(facts) };
  } catch (error) {
    if (error instanceof UnknownFact) return { check: id, fine, findings: [], unknown: error.message };
    throw error;
  }
}

/** The report for people. */
export function reportText(results: readonly Result[], notes: readonly string[]): string {
  const width = Math.max(...results.map(({ check }) => check.length));
  const line = (state: string, check: string, words: string): string =>
    `${state.padEnd(7)}  ${check.padEnd(width)}  ${words}`;
  const indent = ' '.repeat(width + 11);
  const lines = results.flatMap(({ check, fine, findings, unknown }) => {
    if (unknown !== undefined) return [line('unknown', check, unknown)];
    if (findings.length === 0) return [line('ok', check, fine)];
    return findings.flatMap(({ what, where, fix }) => [
      line('FINDING', check, `${where}: ${what}`),
      `${indent}fix: ${fix}`,
    ]);
  });
  const found = results.flatMap(({ findings }) => findings).length;
  const open = results.filter(({ unknown }) => unknown !== undefined).length;
  const total = [counted(found, 'finding'), ...(open === 0 ? [] : [`${counted(open, 'check')} could not be run`])];
  return [...lines, ...notes.map((note) => line('note', '', note)), '', total.join(', ')].join('\n');
}
