import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { requestClasses } from '../../mesh/traffic/classes/classes';
import { modelDiff } from '../../mesh/traffic/diff/traffic-diff';
import { explanation } from '../../mesh/traffic/explanation';
import { trafficGraph } from '../../mesh/traffic/graph/graph';
import { graphPage } from '../../mesh/traffic/graph/page';
import { svgRenderer } from '../../mesh/traffic/graph/svg';
import type { Proxy } from '../../mesh/traffic/request';
import { trafficModel } from '../../mesh/traffic/traffic-model';
import { serviceObjects, sizesOr } from './inputs';

/**
 * What the questions to the routing model cost, and how the cost grows: `node -r tsx/cjs tools/bench/traffic.ts [services…]`. Processor time, the
 * best of several runs, for services with two versions and two rules each behind one gateway. Bounds hold for 1,000 services.
 */
const runs = 3;
const bounds: Record<string, number> = { explain: 20, 'classes and diff': 2000, graph: 5000 };
const sizes = sizesOr([100, 300, 1000]);

interface Measured {
  services: number;
  milliseconds: Record<string, number>;
}

void main();

async function main(): Promise<void> {
  const draw = await svgRenderer();
  let before: Measured | undefined;
  for (const services of sizes) {
    const one = measure(services, draw);
    for (const [question, milliseconds] of Object.entries(one.milliseconds))
      console.log(line(question, milliseconds, one, before));
    before = one;
  }
}

function measure(services: number, draw: Parameters<typeof graphPage>[2]): Measured {
  const [old, next] = [mesh(services, 10), mesh(services, 25)];
  const loaded =
    (objects: KubernetesObject[]): (() => unknown) =>
    () =>
      trafficModel(structuredClone(objects));
  const caller: Proxy = { type: 'sidecar', namespace: 'team-1', labels: {} };
  const request = { host: `service-${services - 1}.team-${(services - 1) % 100}`, port: 8080, path: '/' };
  return {
    services,
    milliseconds: {
      load: best(() => undefined, loaded(old)),
      explain: best(
        () => trafficModel(structuredClone(old)),
        (traffic) => explanation(traffic, { title: 'workloads', proxy: caller, given: [] }, request),
      ),
      'classes and diff': best(
        () => [trafficModel(structuredClone(old)), trafficModel(structuredClone(next))] as const,
        ([before, after]) => {
          const classes = requestClasses(after);
          const { moves } = modelDiff(before, after);
          if (classes.length < 2 * services || moves.length !== services) throw new Error(`${moves.length} moves`);
        },
      ),
      graph: best(
        () => trafficModel(structuredClone(old)),
        (traffic) => graphPage(trafficGraph(traffic), 'Mesh', draw),
      ),
    },
  };
}

/** Each service has its own public host, in addition to its routes in the mesh. */
function mesh(services: number, share: number): KubernetesObject[] {
  const gateway = istio('Gateway', 'public', {
    selector: { istio: 'ingressgateway' },
    servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*.example.com'] }],
  });
  const routes = Array.from({ length: services }, (_, index) =>
    istio('VirtualService', `service-${index}`, {
      hosts: [`service-${index}.example.com`],
      gateways: ['public'],
      http: [{ route: [{ destination: { host: `service-${index}.team-${index % 100}.svc.cluster.local` } }] }],
    }),
  );
  return [gateway, ...routes, ...Array.from({ length: services }, (_, index) => serviceObjects(index, share)).flat()];
}

function istio(kind: string, name: string, spec: Record<string, unknown>): KubernetesObject {
  return { apiVersion: 'networking.istio.io/v1', kind, metadata: { name, namespace: 'istio-ingress' }, spec };
}

/** Processor time of `ask`, the best of several; each run gets what `prepare` makes afresh. */
function best<T>(prepare: () => T, ask: (prepared: T) => unknown): number {
  const times = Array.from({ length: runs }, () => {
    const prepared = prepare();
    const start = process.cpuUsage();
    ask(prepared);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}

function line(question: string, milliseconds: number, { services }: Measured, before: Measured | undefined): string {
  const old = before?.milliseconds[question];
  const growth =
    before === undefined || old === undefined
      ? ''
      : `, ${(milliseconds / old).toFixed(1)} times the cost for ${(services / before.services).toFixed(1)} times the services`;
  const bound = services === 1000 ? bounds[question] : undefined;
  const verdict = bound === undefined ? '' : `; bound ${bound} ms: ${milliseconds <= bound ? 'met' : 'missed'}`;
  return `${services} services, ${question}: ${milliseconds.toFixed(1)} ms${growth}${verdict}`;
}
