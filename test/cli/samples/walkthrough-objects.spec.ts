import assert from 'node:assert/strict';
import { apiGroup, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { renderMesh } from '../../../mesh/manifests/mesh';
import { sample } from '../../support/samples';
import { needsWalkthroughs, walkthroughFiles, walkthroughObjects } from '../../support/walkthroughs';
import { withoutDefaults } from './without-defaults';

/** The state of a sample with a file's objects, and the differences of the file. */
interface Origin {
  state: string;
  patch?: Record<string, unknown>;
}

/** The course's instances of one template differ in the gateway's name, which is main-gw in the course. */
const gatewayOfTemplate: Origin = {
  state: '000',
  patch: {
    'meshwright:gateways': {
      'istio-ingressgateway': { gateways: { default: { 'main-gw': null, mallbasic: {} } } },
    },
    'meshwright:routes': {
      default: {
        order: { gateways: ['mallbasic'] },
        delivery: { gateways: ['mallbasic'] },
        product: { gateways: ['mallbasic'] },
      },
    },
  },
};

/** The file in the course's repository has other names than the course. */
const helloOfRepository = {
  state: '003/outlier',
  patch: { 'meshwright:routes': { user02: { 'svc-hello': { destinationRule: { name: 'dr-hello' } } } } },
};

const origins: Record<string, Origin> = {
  '000/acmexii_mallbasic/kubernetes/template/istio.yml': gatewayOfTemplate,
  '000/main-gw.yml': { state: '000' },
  '001/istio/samples/bookinfo/networking/bookinfo-gateway.yaml': { state: '001' },
  ...inFolder('002/redhat-developer-demos_istio-tutorial', {
    'customer/kubernetes/Gateway.yml': '002',
    'istiofiles/destination-rule-recommendation-v1-v2.yml': '002/all-v1',
    'istiofiles/virtual-service-firefox-recommendation-v2.yml': '002/firefox',
    'istiofiles/virtual-service-recommendation-v1.yml': '002/all-v1',
    'istiofiles/virtual-service-recommendation-v1_and_v2.yml': '002/90-10',
    'istiofiles/virtual-service-recommendation-v1_and_v2_75_25.yml': '002/75-25',
    'istiofiles/virtual-service-recommendation-v2.yml': '002/all-v2',
  }),
  ...inFolder('003/inline', {
    '04.yaml': '003',
    '06.yaml': '003/destination-rules',
    '07.yaml': '003/all-v1',
    '08.yaml': '003/reviews-50-v3',
    '09.yaml': '003/reviews-v3',
    '10.yaml': '003/all-v1',
    '11.yaml': '003/jason-v2',
    '12.yaml': '003/delay',
    '13.yaml': '003/abort',
    '14.yaml': '003/abort-50',
    '15.yaml': '003/abort-90',
    '18.yaml': '003/circuit-breaker',
    '20.yaml': '003/outlier',
  }),
  ...inFolder('003/ssongman_ktds-edu-k8s-istio/istio', {
    'bookinfo/12.bookinfo-gw-vs.yaml': '003',
    'bookinfo/13.destination-rule-all.yaml': '003/destination-rules',
    'bookinfo/21.virtual-service-all-v1.yaml': '003/all-v1',
    'bookinfo/22.virtual-service-reviews-50-v3.yaml': '003/reviews-50-v3',
    'bookinfo/23.virtual-service-reviews-v3.yaml': '003/reviews-v3',
    'bookinfo/24.virtual-service-reviews-test-v2.yaml': '003/jason-v2',
    'bookinfo/25.virtual-service-ratings-test-delay.yaml': '003/delay',
    'bookinfo/26.virtual-service-ratings-test-abort.yaml': '003/abort',
    'bookinfo/27.virtual-service-ratings-500-fi-rate.yaml': '003/abort-50',
    'httpbin/13.dr-httpbin.yaml': '003/circuit-breaker',
  }),
  '003/ssongman_ktds-edu-k8s-istio/istio/hello/12.hello-dr.yaml': helloOfRepository,
  ...inFolder('004/inline', {
    '02.yaml': '004',
    '03.yaml': '004/destination-rules-mtls',
    '04.yaml': '004/all-v1',
    '05.yaml': '004/jason-v2',
  }),
  ...inFolder('004/istio/samples/bookinfo/networking', {
    'bookinfo-gateway.yaml': '004',
    'destination-rule-all-mtls.yaml': '004/destination-rules-mtls',
    'destination-rule-all.yaml': '004/destination-rules',
    'virtual-service-all-v1.yaml': '004/all-v1',
    'virtual-service-reviews-test-v2.yaml': '004/jason-v2',
  }),
};

function inFolder(folder: string, states: Record<string, string>): Record<string, Origin> {
  return Object.fromEntries(Object.entries(states).map(([file, state]) => [`${folder}/${file}`, { state }]));
}

function istioObjects(file: string): KubernetesObject[] {
  return walkthroughObjects(file).filter(({ apiVersion }) => apiGroup(apiVersion).endsWith('istio.io'));
}

describe('samples compared with the Istio objects of the walkthroughs', () => {
  it('have a state for every file with such objects', function () {
    needsWalkthroughs(this);
    const files = walkthroughFiles().filter((file) => istioObjects(file).length > 0);
    assert.deepEqual(Object.keys(origins).sort(), files);
  });

  it('render an equal object for each of the 89', function () {
    needsWalkthroughs(this);
    let equal = 0;
    for (const [file, { state, patch }] of Object.entries(origins)) {
      const rendered = renderMesh(sample(state, patch ?? {}).settings).objects.map(({ object }) =>
        withoutDefaults(object),
      );
      for (const expected of istioObjects(file).map(withoutDefaults)) {
        const { kind, name } = expected;
        const found = rendered.find((object) => object.kind === kind && object.name === name);
        assert.deepEqual(found, expected, `${file}, rendered from sample ${state}`);
        equal += 1;
      }
    }
    console.log(`      ${equal} of 89`);
    assert.equal(equal, 89);
  });
});
