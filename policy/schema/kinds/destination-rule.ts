import { exportToProblems, labelsProblems, selectorProblems } from '../parts/names';
import { isDnsLabel, wildcardDomainProblems } from '../parts/hosts';
import { trafficPolicyProblems } from '../parts/traffic-policy';
import { type FieldPlace, error, shown, when, type SchemaProblem } from '../place';

export function destinationRuleProblems(spec: FieldPlace, namespace: string): SchemaProblem[] {
  const selector = spec.at('workloadSelector');
  const names = spec.at('subsets').items.map((subset) => subset.at('name'));
  return [
    ...wildcardDomainProblems(spec.at('host')),
    ...trafficPolicyProblems(spec.at('trafficPolicy')),
    ...names.flatMap((name, index) => [
      ...when(!isDnsLabel(name.text), () =>
        error(
          name,
          `${name.isSet ? shown(name) : 'nothing'} is not a subset name; allowed are letters, digits and inner hyphens, at most 63`,
        ),
      ),
      ...when(names.findIndex(({ text }) => text === name.text) < index, () =>
        error(name, `the subset ${shown(name)} occurs twice`),
      ),
    ]),
    ...spec
      .at('subsets')
      .items.flatMap((subset) => [
        ...labelsProblems(subset.at('labels')),
        ...trafficPolicyProblems(subset.at('trafficPolicy')),
      ]),
    ...exportToProblems(spec.at('exportTo'), { namespace, ownOnly: selector.isSet }),
    ...selectorProblems(selector, 'matchLabels'),
  ];
}
