import assert from 'node:assert/strict';
import { sampleStates } from '../../../cli/samples';
import { isMap } from '../../../mesh/json';
import type { StackSettings } from '../../../mesh/manifests/settings';
import { judgeExpectations } from '../../../mesh/traffic/expectations';
import { effectiveSplits } from '../../../mesh/traffic/splits';
import { stackTraffic } from '../../../mesh/traffic/stack-objects';
import { expectationsOf } from '../../support/expectations';
import { sample } from '../../support/samples';

interface Mutant {
  what: string;
  settings: StackSettings;
}

type Route = Record<string, unknown>;

/** The same settings with one change to one route each: to a weight, a subset, the order of rules, or a match. */
function mutants(settings: StackSettings): Mutant[] {
  const found: Mutant[] = [];
  const change = (what: string, edit: (stack: Record<string, Record<string, Route>>) => void): void => {
    const routes = structuredClone(settings.routes ?? {}) as unknown as Record<string, Record<string, Route>>;
    edit(routes);
    found.push({ what, settings: { ...settings, routes: routes } });
  };
  for (const [namespace, services] of Object.entries(settings.routes ?? {})) {
    for (const [service, route] of Object.entries(services)) {
      const at = `${namespace}/${service}`;
      const of = (routes: Record<string, Record<string, Route>>): Route => routes[namespace]?.[service] ?? {};
      const versions = Array.isArray(route.versions) ? route.versions : Object.keys(route.versions ?? {});
      const splits: [string, (route: Route) => Route | undefined][] = [
        ['weights', (one) => one],
        ...(route.http ?? []).map((_, index): [string, (route: Route) => Route | undefined] => [
          `http[${index}].weights`,
          (one) => (one['http'] as Route[])[index],
        ]),
      ];
      for (const [place, holder] of splits) {
        const weights = holder(route as Route)?.['weights'];
        if (!isMap(weights)) continue;
        for (const version of versions)
          if (weights[version] !== 100)
            change(`${at} ${place}: all to ${version}`, (routes) => {
              const one = holder(of(routes));
              if (one !== undefined) one['weights'] = { [version]: 100 };
            });
        const [first, second] = versions;
        if (first !== undefined && second !== undefined)
          change(`${at} ${place}: 55 to ${first}`, (routes) => {
            const one = holder(of(routes));
            if (one !== undefined) one['weights'] = { [first]: 55, [second]: 45 };
          });
      }
      const rules = route.http ?? [];
      for (const [index, rule] of rules.entries()) {
        if (index > 0)
          change(`${at} http[${index}] before the one above`, (routes) => {
            const list = of(routes)['http'] as Route[];
            [list[index - 1], list[index]] = [list[index] ?? {}, list[index - 1] ?? {}];
          });
        for (const [position] of (rule.match ?? []).entries()) {
          change(`${at} http[${index}].match[${position}] removed`, (routes) => {
            const match = (of(routes)['http'] as Route[])[index]?.['match'] as unknown[];
            match.splice(position, 1);
            if (match.length === 0) Reflect.deleteProperty((of(routes)['http'] as Route[])[index] ?? {}, 'match');
          });
          change(`${at} http[${index}].match[${position}] of another value`, (routes) => {
            const rule = (of(routes)['http'] as Route[])[index];
            const text = JSON.stringify((rule?.['match'] as unknown[])[position]);
            const other = text.replace(/"(exact|prefix|regex)":"([^"]*)"/, '"$1":"$2-other"');
            (rule?.['match'] as unknown[])[position] = JSON.parse(other) as unknown;
          });
        }
      }
    }
  }
  return found;
}

describe('the expectations of the samples', () => {
  const states = sampleStates().map(({ sample: name, state }) => `${name}/${state}`);

  it('are those of every rule of their routes', () => {
    for (const state of states) {
      const { expect = [], ...settings } = sample(state).settings;
      const written = expectationsOf(settings).map(({ request, ...others }) => {
        const isPlain = typeof request !== 'string' && Object.keys(request).length === 1;
        return { ...others, request: isPlain ? request.url : request };
      });
      const sorted = (list: unknown[]) =>
        list.map((one) => JSON.stringify(Object.entries(one as object).sort())).sort();
      assert.deepEqual(sorted(expect), sorted(written), state);
    }
  });

  it('fail for at least 95 of 100 changes of their routes that change traffic', () => {
    const missed: string[] = [];
    let count = 0;
    for (const state of states) {
      const { settings } = sample(state);
      const before = JSON.stringify(effectiveSplits(stackTraffic(settings)));
      for (const { what, settings: mutant } of mutants(settings)) {
        const traffic = stackTraffic(mutant);
        // A change such as another order of rules that exclude each other changes nothing.
        if (JSON.stringify(effectiveSplits(traffic)) === before) continue;
        count += 1;
        const verdicts = judgeExpectations(traffic, settings.expect ?? []);
        if (verdicts.every(({ result }) => result === 'holds')) missed.push(`${state}: ${what}`);
      }
    }
    assert.ok(count > 200, `${count} changes`);
    assert.ok(missed.length <= count / 20, `${missed.length} of ${count} missed:\n${missed.join('\n')}`);
  }).timeout(120_000);
});
