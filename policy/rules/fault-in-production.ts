import { asMap, asNumber, isMap, type JsonMap } from '../../mesh/json';
import { writtenRoutes } from '../model/routes';
import type { CheckOptions, Rule, Violation } from '../rule';

const production = ['prod', 'production'];

/** Holds where the option `environment` is `prod` or `production`. A fault without a percentage, or of 0, injects nothing. */
export const faultInProduction: Rule = {
  id: 'fault-in-production',
  level: 'mandatory',
  title: 'no faults are injected in production',
  single: true,
  docs: {
    why: 'A delay or abort that was left over from a test breaks requests of real users, and no dashboard shows that the mesh itself did it.',
    bad: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ratings, namespace: bookinfo }
spec:
  hosts: [ratings]
  http:
    - fault: { abort: { httpStatus: 500, percentage: { value: 100 } } }
      route: [{ destination: { host: ratings } }]
`,
    good: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ratings, namespace: bookinfo }
spec:
  hosts: [ratings]
  http: [{ route: [{ destination: { host: ratings } }] }]
`,
    options: { environment: 'prod' },
    fix: 'Remove the fault, or set its percentage to 0. A planned experiment waives the rule by annotation, with its reason.',
  },
  check: (model, options) =>
    isProduction(options)
      ? writtenRoutes(model).flatMap(({ rule, path, source }) =>
          ['delay', 'abort'].flatMap((kind) =>
            violation(asMap(rule['fault']), kind, `${path}.fault`, options).map((found) => ({
              object: source.object,
              ...found,
            })),
          ),
        )
      : [],
};

function isProduction({ environment }: CheckOptions): boolean {
  return environment !== undefined && production.includes(environment.toLowerCase());
}

function violation(
  fault: JsonMap,
  kind: string,
  path: string,
  { environment = '' }: CheckOptions,
): Omit<Violation, 'object'>[] {
  if (!isMap(fault[kind])) return [];
  const percent = asNumber(asMap(fault[kind]['percentage'])['value']) ?? asNumber(fault[kind]['percent']) ?? 0;
  if (percent <= 0) return [];
  const effect = kind === 'delay' ? 'delays' : 'aborts';
  const message = `the mesh itself ${effect} ${percent} % of these requests, and environment is "${environment}"; remove the fault`;
  return [{ path: `${path}.${kind}`, message }];
}
