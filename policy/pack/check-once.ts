import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { checkReport, type CheckReport } from '../check';
import type { CheckOptions } from '../options';
import type { Unknowns } from '../unknowns';

interface Checked {
  objects: readonly KubernetesObject[];
  options: CheckOptions;
  unknowns: Unknowns;
  report: CheckReport;
}

let last: Checked | undefined;

/** {@link checkReport}, which remembers its last answer: both policies over a stack ask the same, one after the other, and each answer costs as much as the preview of many resources. */
export function checkOnce(
  objects: readonly KubernetesObject[],
  options: CheckOptions,
  unknowns: Unknowns,
): CheckReport {
  if (last === undefined || !isSame(last, { objects, options, unknowns }))
    last = { objects, options, unknowns, report: checkReport(objects, options, { unknowns }) };
  return last.report;
}

/** The very same objects, which nobody changes: those that this run has seen are recorded once. */
function isSame(one: Omit<Checked, 'report'>, other: Omit<Checked, 'report'>): boolean {
  return (
    one.objects.length === other.objects.length &&
    one.objects.every((object, index) => object === other.objects[index]) &&
    isDeepStrictEqual(one.options, other.options) &&
    one.unknowns.size === other.unknowns.size &&
    [...one.unknowns].every(([object, paths]) => isDeepStrictEqual(other.unknowns.get(object), paths))
  );
}
