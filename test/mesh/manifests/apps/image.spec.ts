import assert from 'node:assert/strict';
import { imageProblem } from '../../../../mesh/manifests/apps/image';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const grammar =
  'an image must be [registry[:port]/]name[:tag][@digest], the name in lower case, e.g. docker.io/istio/pilot:1.30.3';

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
    it(`takes ${image.slice(0, 60)}`, () => assert.equal(imageProblem(image), undefined));
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
    it(`fails "${image.slice(0, 60)}"`, () => assert.equal(imageProblem(image), grammar));
  }

  it('fails a name that is too long', () => {
    assert.equal(
      imageProblem(`${'a'.repeat(256)}:latest`),
      'an image name must have at most 255 characters, this has 256',
    );
  });
});
