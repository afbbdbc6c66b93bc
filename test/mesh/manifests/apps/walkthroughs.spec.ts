import assert from 'node:assert/strict';
import { appObjects } from '../../../../mesh/manifests/apps/app';
import type { AppSettings } from '../../../../mesh/manifests/apps/settings';
import { objectTitle, type KubernetesObject } from '../../../../mesh/manifests/kubernetes';
import { needsWalkthroughs, walkthroughObjects } from '../../../support/walkthroughs';
import { comparable } from './comparable';

interface Comparison {
  title: string;
  file: string;
  name: string;
  settings: Omit<AppSettings, 'namespace'>;
}

/** Each sample app, with the settings that make it equal to the walkthrough's. */
const apps: Comparison[] = [
  {
    title: 'bookinfo of walkthrough 001',
    file: '001/istio/samples/bookinfo/platform/kube/bookinfo.yaml',
    name: 'bookinfo',
    settings: { hub: 'docker.io/istio', version: '1.16.2' },
  },
  {
    title: 'bookinfo of walkthrough 003',
    file: '003/ssongman_ktds-edu-k8s-istio/istio/bookinfo/11.bookinfo.yaml',
    name: 'bookinfo',
    settings: { hub: 'docker.io/istio', version: '1.16.4' },
  },
  {
    title: 'the mall of walkthrough 000',
    file: '000/ShinSeongJin2_mallbasicforops_v9/kubernetes/template/template.yml',
    name: 'mall',
    settings: {
      workloads: {
        ...diagram('556'),
        'my-kafka': { install: false },
      },
      services: diagram('356'),
    },
  },
  {
    title: 'the Octopus sample of walkthrough 001',
    file: '001/mcasperson_NodejsProxy/kubernetes/example.yaml',
    name: 'octopus',
    settings: {},
  },
  ...['customer', 'preference', 'recommendation'].flatMap((app) =>
    ['Deployment.yml', 'Service.yml', ...(app === 'recommendation' ? ['Deployment-v2.yml'] : [])].map((file) => ({
      title: `${app} of walkthrough 002 (${file})`,
      file: `002/redhat-developer-demos_istio-tutorial/${app}/kubernetes/${file}`,
      name: 'tutorial',
      settings: {},
    })),
  ),
  {
    title: 'httpbin of walkthrough 003',
    file: '003/ssongman_ktds-edu-k8s-istio/istio/httpbin/11.httpbin-deploy-svc.yaml',
    name: 'httpbin',
    settings: {},
  },
  {
    title: 'fortio of walkthrough 003',
    file: '003/ssongman_ktds-edu-k8s-istio/istio/httpbin/12.fortio-pod.yaml',
    name: 'fortio',
    settings: {},
  },
  { title: 'the hello servers of walkthrough 003', file: '003/inline/19.yaml', name: 'hello', settings: {} },
];

describe('sample apps compared with the walkthroughs', () => {
  for (const { title, file, name, settings } of apps) {
    it(`renders ${title}`, function () {
      needsWalkthroughs(this);
      const expected = walkthroughObjects(file).map(comparable);
      const rendered = byTitle(
        appObjects(name, { namespace: 'default', ...settings }, {}).map(({ object }) => comparable(object)),
      );
      assert.deepEqual(
        expected.map((object) => rendered.get(objectTitle(object))),
        expected,
      );
      // Files of a single service have less than the app; all others have the whole app.
      if (name !== 'tutorial') assert.equal(rendered.size, expected.length);
    });
  }
});

/** The place of each service on the course's diagram. */
function diagram(y: string): Record<string, { annotations: Record<string, string> }> {
  const annotations = { 'msaez.io/x': '775', 'msaez.io/y': y };
  return { order: { annotations }, delivery: { annotations }, product: { annotations } };
}

function byTitle(objects: KubernetesObject[]): Map<string, KubernetesObject> {
  return new Map(objects.map((object) => [objectTitle(object), object]));
}
