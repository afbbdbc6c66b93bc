import { compareSpecificity, isWildcard } from '../../model/hosts';
import { exact, literal, type Literal } from '../matching/literal';
import type { CompiledRoute } from '../rules/compiled';
import type { L4Route } from '../rules/l4-routes';

/** TCP and TLS rules as routes with conditions, one per server name or subnet, the most specific name first, as connections are matched. */
export function l4Literals(routes: readonly L4Route[]): CompiledRoute[] {
  const named = routes.flatMap((route) =>
    (route.sniHosts.length === 0 ? ['*'] : route.sniHosts).map((sni) => ({ route, sni })),
  );
  return named
    .sort((a, b) => compareSpecificity(a.sni.toLowerCase(), b.sni.toLowerCase()))
    .flatMap(({ route, sni }) => {
      const names = sniLiterals(sni.toLowerCase());
      return (route.subnets.length === 0 ? [undefined] : route.subnets).map((subnet) => ({
        ...route,
        // Subnets are told apart by their text: how two overlap is not looked into.
        when: [...route.when, ...names, ...(subnet === undefined ? [] : [exact('destination address', subnet)])],
      }));
    });
}

function sniLiterals(sni: string): Literal[] {
  if (sni === '*') return [];
  if (!isWildcard(sni)) return [exact('sni', sni)];
  return [literal('sni', { kind: 'suffix', value: sni.slice(1), ignoreCase: false })];
}
