import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { checkReport } from '../check';

/** How long, in milliseconds, after it has begun to serve: what the engine asks first must not wait. */
const pause = 250;
const apiVersion = 'networking.istio.io/v1';

/**
 * Judges a small mesh while the engine still starts the program, so that schemas are compiled and code is warm when the first object comes: that takes half a second, for which every preview would wait
 * otherwise.
 */
export function warmUp(): void {
  setTimeout(
    () => checkReport(Array.from({ length: 40 }, (_, index) => routed(`service-${index}`)).flat()),
    pause,
  ).unref();
}

function routed(name: string): KubernetesObject[] {
  const metadata = { name, namespace: 'warm-up' };
  const route = ['v1', 'v2'].map((subset, index) => ({ destination: { host: name, subset }, weight: index * 100 }));
  return [
    ...['v1', 'v2'].map((version): KubernetesObject => {
      const spec = { host: name, subsets: [{ name: version, labels: { version } }] };
      return { apiVersion, kind: 'DestinationRule', metadata: { ...metadata, name: `${name}.${version}` }, spec };
    }),
    { apiVersion, kind: 'VirtualService', metadata, spec: { hosts: [name], http: [{ route }] } },
  ];
}
