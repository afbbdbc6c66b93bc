import assert from 'node:assert/strict';
import { checkMesh } from '../../config/check-mesh';
import type { StackSettings } from '../../mesh/manifests/settings';
import { problemsOf } from './support';

const namespaces = { shop: {} };

describe('settings that Kubernetes would refuse', () => {
  it('an app that is neither a sample nor has workloads, with the nearest sample', () => {
    assert.deepEqual(problemsOf({ namespaces, apps: { bookinfoo: { namespace: 'shop' } } }), [
      {
        path: 'meshwright:apps.bookinfoo',
        value: { namespace: 'shop' },
        message:
          'an app needs workloads, or the name of a sample app as its key or in `app`: bookinfo, tutorial, mall, httpbin, fortio, hello, userlist, curltest, octopus',
        hint: 'did you mean "bookinfo"?',
      },
    ]);
  });

  it('hosts of an Ingress that are not DNS names', () => {
    const message =
      'the host of an Ingress must be a DNS name in lower case, e.g. kiali.example.com or *.example.com, not an IP address';
    const gateway = (hosts: string[]) => ({ namespaces, gateways: { gw: { namespace: 'shop', ingress: { hosts } } } });
    assert.deepEqual(problemsOf(gateway(['a.example', '*.example', 'x.35.209.207.26.nip.io'])), []);
    assert.deepEqual(
      problemsOf(gateway(['a b', '10.0.0.1', 'a.*'])).map(({ path, value, message: told }) => [path, value, told]),
      ['a b', '10.0.0.1', 'a.*'].map((host, index) => [
        `meshwright:gateways.gw.ingress.hosts[${index}]`,
        host,
        message,
      ]),
    );
    const addons = { kiali: { ingress: { host: 'Kiali.example' } } };
    assert.deepEqual(problemsOf({ istio: {}, addons }), [
      { path: 'meshwright:addons.kiali.ingress.host', value: 'Kiali.example', message },
    ]);
  });

  it('node ports that most clusters refuse, even of addons and apps, as advice', () => {
    const services = (nodePort: number) => ({
      web: { type: 'NodePort' as const, ports: [{ port: 80, name: 'http', nodePort }] },
    });
    const settings = (nodePort: number): StackSettings => ({
      istio: {},
      namespaces,
      addons: { kiali: { service: { type: 'NodePort', nodePort } } },
      apps: { shop: { namespace: 'shop', workloads: { web: { image: 'nginx:1' } }, services: services(nodePort) } },
    });
    const advised = (nodePort: number) =>
      checkMesh(settings(nodePort))
        .warnings.filter(({ message }) => message.includes('--service-node-port-range'))
        .map(({ path, value }) => [path, value]);
    assert.deepEqual(advised(30000), []);
    assert.deepEqual(advised(29999), [
      ['meshwright:addons.kiali.service.nodePort', 29999],
      ['meshwright:apps.shop.services.web.ports[0].nodePort', 29999],
    ]);
  });
});
