import assert from 'node:assert/strict';
import { sidecarScope } from '../../../policy/rules/sidecar-scope';
import { finding, judged, service, sidecar, to, virtualService } from '../mesh-objects';

const egress = (...hosts: string[]) => sidecar('default', { egress: [{ hosts }] });
const prices = (spec: object = {}) =>
  virtualService('prices', {
    hosts: ['prices.catalog.svc.cluster.local'],
    exportTo: ['.'],
    http: [{ route: [to('prices.catalog.svc.cluster.local')] }],
    ...spec,
  });

describe('sidecar-scope', () => {
  it('refuses a VirtualService that is visible only in this namespace and that its Sidecar does not import', () => {
    assert.deepEqual(
      judged(sidecarScope, [egress('istio-system/*', './reviews.bookinfo.svc.cluster.local'), prices()]),
      [
        finding(
          sidecarScope,
          'VirtualService bookinfo/prices',
          'spec.hosts',
          'only workloads of namespace bookinfo see this VirtualService, and no egress host of Sidecar bookinfo/default imports prices.catalog.svc.cluster.local, so it has no effect; add it to the Sidecar, as ./host',
        ),
      ],
    );
  });

  it('accepts one that an egress host imports, or that others see', () => {
    assert.deepEqual(
      judged(sidecarScope, [
        egress('./*'),
        prices(),
        virtualService('other', { hosts: ['other.example.com'], http: [] }),
      ]),
      [],
    );
  });

  it('accepts everything without a Sidecar', () => {
    assert.deepEqual(judged(sidecarScope, [prices()]), []);
  });

  it('refuses a selector in the root namespace', () => {
    assert.deepEqual(
      judged(sidecarScope, [
        sidecar('root', { workloadSelector: { labels: { app: 'a' } } }, { namespace: 'istio-system' }),
      ]),
      [
        finding(
          sidecarScope,
          'Sidecar istio-system/root',
          'spec.workloadSelector',
          'a Sidecar of the root namespace istio-system is the default of all namespaces only without a selector; remove workloadSelector, or move it to the namespace of the workloads',
        ),
      ],
    );
  });

  it('refuses egress hosts that the input shows to be missing', () => {
    assert.deepEqual(
      judged(sidecarScope, [
        service('reviews'),
        egress(
          './reviews.bookinfo.svc.cluster.local',
          './reviws.bookinfo.svc.cluster.local',
          '~/*',
          'other/x.other.svc.cluster.local',
          '*/api.example.com',
        ),
      ]),
      [
        finding(
          sidecarScope,
          'Sidecar bookinfo/default',
          'spec.egress[0].hosts[1]',
          'host "./reviws.bookinfo.svc.cluster.local" is neither a Service nor a ServiceEntry, so it imports nothing; Services of namespace bookinfo: reviews; name one of them, add the Service, or declare the host in externals.hosts',
        ),
        finding(
          sidecarScope,
          'Sidecar bookinfo/default',
          'spec.egress[0].hosts[4]',
          'host "*/api.example.com" is neither a Service nor a ServiceEntry, so it imports nothing; add a ServiceEntry for it, or declare it in externals.hosts',
          'advisory',
        ),
      ],
    );
  });
});
