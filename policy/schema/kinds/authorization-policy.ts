import { attachmentProblems } from '../parts/names';
import {
  conditionProblems,
  operationProblems,
  tcpOperationFields,
  sourceProblems,
  tcpSourceFields,
} from '../parts/authorization';
import { type FieldPlace, error, shown, warning, when, type SchemaProblem } from '../place';

/** The default action of an AuthorizationPolicy. */
const defaultAction = 'ALLOW';

export function authorizationPolicyProblems(spec: FieldPlace): SchemaProblem[] {
  const action = spec.at('action').isSet ? spec.at('action').text : defaultAction;
  const { rules, provider } = { rules: spec.at('rules'), provider: spec.at('provider') };
  const custom = action === 'CUSTOM';
  const unnamed = custom && rules.size > 0 && provider.at('name').text === '';
  return [
    ...attachmentProblems(spec),
    ...when(rules.size === 0 && ['DENY', 'CUSTOM'].includes(action), () =>
      error(
        rules,
        `action ${action} without rules never applies; an empty rule, rules: [{}], applies to every request`,
      ),
    ),
    ...when(unnamed, () => error(provider.at('name'), 'action CUSTOM needs the name of an extension provider')),
    ...when(provider.isSet && !custom, () => error(provider, `is for action CUSTOM; the action is ${action}`)),
    ...rules.items.flatMap((rule) => ruleProblems(rule, action)),
  ];
}

function ruleProblems(rule: FieldPlace, action: string): SchemaProblem[] {
  const { from, to, conditions } = { from: rule.at('from'), to: rule.at('to'), conditions: rule.at('when') };
  const custom = action === 'CUSTOM';
  return [
    ...from.items.flatMap((one) => sourceProblems(one, custom)),
    ...to.items.flatMap(operationProblems),
    ...conditions.items.flatMap((one) => conditionProblems(one, custom)),
    ...(action === 'DENY' ? httpOnlyProblems(rule) : []),
  ];
}

/** On a TCP port HTTP attributes are unknown, and DENY rules deny what is unknown. */
function httpOnlyProblems(rule: FieldPlace): SchemaProblem[] {
  const sources = rule
    .at('from')
    .items.map((one) => one.at('source'))
    .filter(({ isSet }) => isSet);
  const operations = rule
    .at('to')
    .items.map((one) => one.at('operation'))
    .filter(({ isSet }) => isSet);
  const tcpSource = sources.some((source) => tcpSourceFields.some((field) => source.at(field).isSet));
  const tcpOperation = operations.some((operation) => tcpOperationFields.some((field) => operation.at(field).isSet));
  const deniesTcp = operations.length > 0 ? !tcpOperation : sources.length > 0 && !tcpSource;
  return when(deniesTcp, () =>
    warning(rule, 'denies every connection to TCP ports, because it uses HTTP attributes only; add to.operation.ports'),
  );
}

/** The annotation for a dry run of a policy: only with ALLOW and DENY, and only a boolean. */
export function dryRunProblems(annotation: FieldPlace, spec: FieldPlace): SchemaProblem[] {
  const action = spec.at('action').isSet ? spec.at('action').text : defaultAction;
  if (!['ALLOW', 'DENY'].includes(action))
    return [error(annotation, `is for actions ALLOW and DENY; the action is ${action}`)];
  const fine = /^(1|0|t|f|T|F|true|false|TRUE|FALSE|True|False)$/.test(annotation.text);
  return when(!fine, () => error(annotation, `${shown(annotation)} is neither true nor false`));
}
