import assert from 'node:assert/strict';
import { imageParts } from '../../../../mesh/manifests/addons/catalog';

describe('imageParts', () => {
  it('splits a reference with and without registry, port, tag and digest', () => {
    assert.deepEqual(imageParts('nginx'), { repository: 'nginx' });
    assert.deepEqual(imageParts('nginx:1'), { repository: 'nginx', tag: '1' });
    assert.deepEqual(imageParts('host:5000/a/nginx'), { repository: 'host:5000/a/nginx' });
    assert.deepEqual(imageParts('host:5000/a/nginx:1@sha256:ab'), {
      repository: 'host:5000/a/nginx',
      tag: '1',
      digest: 'sha256:ab',
    });
  });
});
