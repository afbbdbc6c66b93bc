import { defined } from '../../mesh/manifests/kubernetes';
import { routeNames } from '../../mesh/manifests/routes';
import { versionsOf } from '../../mesh/manifests/weights';
import type { Key } from '../key-path';
import { didYouMean, type KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';

/** A rollout shifts routes of the stack to versions that they have. */
export function rolloutRules({ rollouts = {}, routes = {} }: StackFile): KeyProblem[] {
  const known = routeNames(routes);
  return Object.entries(rollouts).flatMap(([namespace, services]) =>
    Object.entries(services).flatMap(([service, { to, with: others = [] }]) => {
      const keys: Key[] = ['rollouts', namespace, service];
      const shifted: [string, Key[]][] = [
        [`${namespace}/${service}`, keys],
        ...others.map((name, index): [string, Key[]] => [name, [...keys, 'with', index]]),
      ];
      return shifted.flatMap(([name, at]): KeyProblem[] => {
        const [of = '', route = ''] = name.split('/');
        const settings = routes[of]?.[route];
        const reads = [['routes', of, route, '**']];
        if (settings === undefined)
          return [
            defined({ keys: at, message: `the stack has no route ${name}`, hint: didYouMean(name, known), reads }),
          ];
        if (settings.weightsOwnedBy !== undefined)
          return [{ keys: at, message: `the weights of ${name} belong to ${settings.weightsOwnedBy}`, reads }];
        const versions = versionsOf(settings).map(({ version }) => version);
        const wanted = typeof to === 'string' ? [to] : Object.keys(to);
        return wanted
          .filter((version) => !versions.includes(version))
          .map((version) => {
            const message = `${name} has no version "${version}"; its versions are ${versions.join(', ')}`;
            return defined({ keys: [...keys, 'to'], message, hint: didYouMean(version, versions), reads });
          });
      });
    }),
  );
}
