import assert from 'node:assert/strict';
import { revisionInstalled } from '../../../policy/rules/revision-installed';
import { deployment, finding, judged, namespace } from '../mesh-objects';

const injector = (revision: string, tag: string) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: `istio-${tag}`, labels: { 'istio.io/rev': revision, 'istio.io/tag': tag } },
});

describe('revision-installed', () => {
  it('refuses both labels at once', () => {
    assert.deepEqual(
      judged(revisionInstalled, [namespace('bookinfo', { 'istio-injection': 'enabled', 'istio.io/rev': 'canary' })]),
      [
        finding(
          revisionInstalled,
          'Namespace /bookinfo',
          'metadata.labels',
          'istio-injection: enabled wins over istio.io/rev: canary, which is ignored; keep one of the two labels',
        ),
      ],
    );
  });

  it('accepts one of them, and reports nothing about unknown revisions', () => {
    assert.deepEqual(
      judged(revisionInstalled, [
        namespace('bookinfo', { 'istio.io/rev': 'canary' }),
        namespace('shop', { 'istio-injection': 'enabled' }),
      ]),
      [],
    );
  });

  it('refuses a revision that is not installed', () => {
    assert.deepEqual(
      judged(
        revisionInstalled,
        [
          namespace('bookinfo', { 'istio.io/rev': 'canary' }),
          deployment('a', 'v1', { template: { metadata: { labels: { 'istio.io/rev': 'old' } } } }),
        ],
        { revisions: ['1-30'] },
      ),
      [
        finding(
          revisionInstalled,
          'Namespace /bookinfo',
          'metadata.labels["istio.io/rev"]',
          'no control plane has revision or tag "canary" (installed: 1-30), so no proxy is injected; name one that is installed',
        ),
        finding(
          revisionInstalled,
          'Deployment bookinfo/a-v1',
          'spec.template.metadata.labels["istio.io/rev"]',
          'no control plane has revision or tag "old" (installed: 1-30), so no proxy is injected; name one that is installed',
        ),
      ],
    );
  });

  it('recognizes revisions and tags by the injectors among the objects', () => {
    assert.deepEqual(
      judged(revisionInstalled, [
        injector('1-30', 'stable'),
        namespace('bookinfo', { 'istio.io/rev': 'stable' }),
        namespace('shop', { 'istio.io/rev': '1-30' }),
        namespace('old', { 'istio.io/rev': '1-29' }),
      ]),
      [
        finding(
          revisionInstalled,
          'Namespace /old',
          'metadata.labels["istio.io/rev"]',
          'no control plane has revision or tag "1-29" (installed: 1-30, stable), so no proxy is injected; name one that is installed',
        ),
      ],
    );
  });
});
