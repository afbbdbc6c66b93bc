import assert from 'node:assert/strict';
import { imageProblem, quantityProblem, quantityValue } from '../../../mesh/manifests/formats';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const grammar =
  'an image must be [registry[:port]/]name[:tag][@digest], with the name in lower case, e.g. docker.io/istio/pilot:1.30.3';

describe('imageProblem', () => {
  for (const image of [
    'nginx',
    'nginx:1.27',
    'docker.io/library/nginx:latest',
    'localhost:5000/a/b__c-d.e:V1.2_3-4',
    '[2001:db8::1]:5000/nginx',
    'REGISTRY.example/nginx',
    `quay.io/kiali/kiali@${digest}`,
    `quay.io/kiali/kiali:v2@${digest}`,
    'a'.repeat(255),
  ]) {
    it(`accepts ${image.slice(0, 60)}`, () => assert.equal(imageProblem(image), undefined));
  }

  for (const image of [
    '',
    ' nginx',
    'nginx ',
    'Nginx',
    'nginx:',
    'nginx:a b',
    `nginx:${'a'.repeat(129)}`,
    'nginx@sha256:abc',
    'https://docker.io/nginx',
    'docker.io//nginx',
    '-nginx',
    'a/nginx_',
    'nginx:1:2',
  ]) {
    it(`refuses "${image.slice(0, 60)}"`, () => assert.equal(imageProblem(image), grammar));
  }

  it('refuses a name that is too long', () => {
    assert.equal(
      imageProblem(`${'a'.repeat(256)}:latest`),
      'an image name must have at most 255 characters, this has 256',
    );
  });
});

describe('quantityValue', () => {
  const values: [string | number, number][] = [
    ['0', 0],
    [1.5, 1.5],
    ['200m', 0.2],
    ['100n', 1e-7],
    ['5u', 5e-6],
    ['1k', 1000],
    ['2M', 2e6],
    ['3G', 3e9],
    ['1T', 1e12],
    ['1P', 1e15],
    ['1E', 1e18],
    ['1Ki', 1024],
    ['64Mi', 67108864],
    ['1.5Gi', 1610612736],
    ['1Ti', 2 ** 40],
    ['1Pi', 2 ** 50],
    ['1Ei', 2 ** 60],
    ['1e3', 1000],
    ['1E3', 1000],
    ['12e-1', 1.2],
    ['.5', 0.5],
    ['5.', 5],
    ['+1', 1],
    ['-1', -1],
  ];
  for (const [quantity, value] of values) {
    it(`reads ${quantity}`, () =>
      assert.ok(Math.abs((quantityValue(quantity) ?? NaN) - value) <= 1e-9 * Math.abs(value)));
  }

  for (const quantity of ['', 'm', '1 Gi', '1gi', '64MB', '1K', '1e', '1.2.3', '0x10', 'one', '1Mi2']) {
    it(`refuses "${quantity}"`, () => assert.equal(quantityValue(quantity), undefined));
  }
});

describe('quantityProblem', () => {
  it('accepts 0', () => assert.equal(quantityProblem('0'), undefined));

  it('refuses a negative quantity and an invalid quantity', () => {
    assert.equal(quantityProblem('-1m'), 'a quantity of a resource must not be negative');
    assert.equal(quantityProblem('1GB'), 'a quantity must be a number with at most one unit, e.g. 200m, 1.5, 64Mi, 2G');
  });
});
