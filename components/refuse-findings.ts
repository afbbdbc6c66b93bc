import * as pulumi from '@pulumi/pulumi';
import { check } from '../policy/check';
import { objectTitle, type KubernetesObject } from '../mesh/manifests/kubernetes';

/** Options of the check that a component makes before it registers anything: levels of rules, and what exists elsewhere. */
export type CheckOptions = NonNullable<Parameters<typeof check>[1]>;

/** A component sees its own objects only, so that whatever they name may well exist. */
const elsewhere: NonNullable<CheckOptions['externals']> = {
  namespaces: ['*'],
  hosts: ['*'],
  gateways: ['*'],
  secrets: ['*'],
  workloads: ['*'],
  serviceAccounts: ['*'],
};

/**
 * Refuses objects that break a mandatory rule. To be called before `super`, so that not even the component is registered.
 * @throws pulumi.ResourceError that lists every mandatory finding, without a stack trace.
 */
export function refuseFindings(
  component: string,
  objects: KubernetesObject[],
  options: CheckOptions | false = {},
): void {
  if (options === false) return;
  const findings = check(objects, { ...options, externals: elsewhere }).filter(({ level }) => level === 'mandatory');
  if (findings.length === 0) return;
  const lines = findings.map(({ rule, kind, namespace, name, path, message }) => {
    const title = objectTitle({ kind, metadata: namespace === '' ? { name } : { name, namespace } });
    return `  ${title}${path === '' ? '' : `, ${path}`}: ${message} (${rule})`;
  });
  const number = lines.length === 1 ? '1 problem' : `${lines.length} problems`;
  throw new pulumi.ResourceError(
    [`${component}: refused, nothing of it was registered: ${number}`, ...lines].join('\n'),
    undefined,
    true,
  );
}
