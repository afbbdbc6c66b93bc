import assert from 'node:assert/strict';
import { serviceentry } from '../../../policy/rules/serviceentry';
import { finding, judged, serviceEntry } from '../mesh-objects';

const entry = (name: string, ports: object[], spec: object = {}) =>
  serviceEntry(name, { hosts: ['api.example.com'], resolution: 'DNS', ports, ...spec });
const https = { number: 443, name: 'https', protocol: 'HTTPS' };

describe('serviceentry', () => {
  it('refuses two that disagree about a protocol', () => {
    assert.deepEqual(
      judged(serviceentry, [entry('a', [https]), entry('b', [{ number: 443, name: 'http', protocol: 'HTTP' }])]),
      [
        finding(
          serviceentry,
          'ServiceEntry bookinfo/a',
          'spec.ports[0]',
          'port 443 of api.example.com is HTTPS here and HTTP in ServiceEntry bookinfo/b; proxies take one of the two. Make them agree, or keep one',
        ),
        finding(
          serviceentry,
          'ServiceEntry bookinfo/b',
          'spec.ports[0]',
          'port 443 of api.example.com is HTTP here and HTTPS in ServiceEntry bookinfo/a; proxies take one of the two. Make them agree, or keep one',
        ),
      ],
    );
  });

  it('advises on two that agree', () => {
    assert.deepEqual(judged(serviceentry, [entry('a', [https]), entry('b', [https], { hosts: ['API.example.com'] })]), [
      finding(
        serviceentry,
        'ServiceEntry bookinfo/a',
        'spec.ports[0]',
        'port 443 of api.example.com is described by ServiceEntry bookinfo/b too; proxies take one of the two. Keep one, or export each to its own namespaces',
        'advisory',
      ),
      finding(
        serviceentry,
        'ServiceEntry bookinfo/b',
        'spec.ports[0]',
        'port 443 of api.example.com is described by ServiceEntry bookinfo/a too; proxies take one of the two. Keep one, or export each to its own namespaces',
        'advisory',
      ),
    ]);
  });

  it('accepts different hosts or ports, and two entries without a common namespace', () => {
    assert.deepEqual(
      judged(serviceentry, [
        entry('a', [https], { exportTo: ['.'] }),
        serviceEntry('b', { hosts: ['api.example.com'], ports: [https], exportTo: ['.'] }, { namespace: 'other' }),
        entry('c', [{ number: 80, name: 'http', protocol: 'HTTP' }]),
        entry('d', [https], { hosts: ['b.example.com'] }),
      ]),
      [],
    );
  });

  it('advises on a TCP port without an address', () => {
    assert.deepEqual(judged(serviceentry, [entry('a', [{ number: 5432, name: 'db', protocol: 'TCP' }, https])]), [
      finding(
        serviceentry,
        'ServiceEntry bookinfo/a',
        'spec.ports[0]',
        'TCP port 5432 has no address to know api.example.com by, so it takes connections to any host on this port; add spec.addresses',
        'advisory',
      ),
    ]);
  });

  it('accepts one with an address, or with addresses from istiod', () => {
    assert.deepEqual(
      judged(serviceentry, [
        entry('a', [{ number: 5432, name: 'db', protocol: 'TCP' }], { addresses: ['10.0.0.1'] }),
        { ...entry('b', [{ number: 5433, name: 'db' }]), status: { addresses: [{ value: '240.0.0.1' }] } },
      ]),
      [],
    );
  });

  it('knows that proxies allocate addresses', () => {
    assert.deepEqual(
      judged(serviceentry, [entry('a', [{ number: 5432, name: 'db', protocol: 'TCP' }])], {
        mesh: {
          meshConfig: {
            defaultConfig: { proxyMetadata: { ISTIO_META_DNS_CAPTURE: 'true', ISTIO_META_DNS_AUTO_ALLOCATE: 'true' } },
          },
        },
      }),
      [],
    );
  });
});
