import { defined } from '../../mesh/manifests/kubernetes';
import type { Weights } from '../../mesh/manifests/settings';
import { versionsOf } from '../../mesh/manifests/versions';
import { weightProblems } from '../../mesh/manifests/weights';
import type { Key } from '../key-path';
import { didYouMean } from '../did-you-mean';
import type { KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';
import { services, type Service } from './services';

/** Fields of an HTTP rule that leave no request for weights. */
const answers = ['route', 'redirect', 'directResponse', 'delegate'];

/** Splits: of the right sum, between versions that there are, and in rules that have room for one. */
export function weightRules(stack: StackFile): KeyProblem[] {
  return services(stack).flatMap((service) => [
    ...splits(service).flatMap(({ weights, keys }) => [
      ...weightProblems(weights).map(({ path, message }) => ({
        keys: [...keys, ...path],
        message,
        reads: [[...keys, '*']],
      })),
      ...versionProblems(service, weights, keys),
    ]),
    ...answeredTwice(service),
  ]);
}

function splits({ route, keys }: Service): { weights: Weights; keys: Key[] }[] {
  const ruleLists = (['http', 'tcp', 'tls'] as const).flatMap((list) =>
    (route[list] ?? []).map(({ weights }, index) => ({ weights, keys: [...keys, list, index, 'weights'] })),
  );
  return [{ weights: route.weights, keys: [...keys, 'weights'] }, ...ruleLists].flatMap((split) =>
    split.weights === undefined ? [] : [{ weights: split.weights, keys: split.keys }],
  );
}

function versionProblems({ service, route, keys: serviceKeys }: Service, weights: Weights, keys: Key[]): KeyProblem[] {
  const reads = [[...serviceKeys, 'versions', '*']];
  if (route.versions === undefined) {
    const message = `weights need versions: list them as versions: [${Object.keys(weights).join(', ')}] of ${service}`;
    return [{ keys, message, reads }];
  }
  const known = versionsOf(route).map(({ version }) => version);
  return Object.keys(weights)
    .filter((version) => !known.includes(version))
    .map((version) => {
      const message = `${service} has no version "${version}"; its versions are ${known.join(', ')}`;
      return defined({ keys: [...keys, version], message, hint: didYouMean(version, known), reads });
    });
}

function answeredTwice({ route, keys }: Service): KeyProblem[] {
  return (['http', 'tcp', 'tls'] as const).flatMap((list) =>
    (route[list] ?? []).flatMap((rule, index) => {
      const answer = answers.find((key) => key in rule);
      if (rule.weights === undefined || answer === undefined) return [];
      const message = `weights and ${answer} in one rule: weights stand in place of ${answer}, keep one of them`;
      return [{ keys: [...keys, list, index, 'weights'], message }];
    }),
  );
}
