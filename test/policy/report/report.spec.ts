import assert from 'node:assert/strict';
import { checkReport } from '../../../policy/check';
import { jsonReport, junitReport, sarifReport, textReport } from '../../../policy/report/formats';
import { isRefused, sourced } from '../../../policy/report/report';
import { schemaWarnings } from '../../../policy/rules/schema-warnings';
import { weightSingle } from '../../../policy/rules/weight-single';
import { weightSum100 } from '../../../policy/rules/weight-sum-100';
import { objects } from '../judge';

const given = objects(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo, annotations: { policy.meshwright.io/waive.weight-single: old client } }
spec:
  hosts: [reviews]
  http:
    - route: [{ destination: { host: reviews, subset: v1 }, weight: 90 }, { destination: { host: reviews, subset: v2 }, weight: 20 }]
    - route: [{ destination: { host: reviews, subset: v1 }, weight: 50 }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: bookinfo }
spec: { host: reviews, trafficPolicy: { outlierDetection: { consecutiveErrors: 5 } } }
`);

const rules = [weightSum100, weightSingle, schemaWarnings];
const source = { file: 'mesh.yaml', line: 7, key: 'meshwright:routes.bookinfo.reviews' };
const report = sourced(checkReport(given, {}, { rules }), { objects: 2, sourceOf: () => source });

const sum = 'weights must sum to 100, these sum to 110 (v1 90, v2 20); Istio would scale them to v1 81.8 %, v2 18.2 %';
const deprecated = 'is deprecated; use consecutiveGatewayErrors or consecutive5xxErrors';
const single = 'v1 is the only destination and gets every request, not 50 %; leave the weight out or write 100';

describe('a report', () => {
  it('for people is grouped by object, with fixes, and ends with totals', () => {
    assert.equal(
      textReport(report),
      `DestinationRule bookinfo/reviews  (mesh.yaml)
  advisory   schema-warnings IST0002, IST0133  spec.trafficPolicy.outlierDetection.consecutiveErrors, meshwright:routes.bookinfo.reviews, line 7
    ${deprecated}
    fix: ${schemaWarnings.docs.fix}

VirtualService bookinfo/reviews  (mesh.yaml)
  mandatory  weight-sum-100 IST0106  spec.http[0].route, meshwright:routes.bookinfo.reviews, line 7
    ${sum}
    fix: ${weightSum100.docs.fix}

Waived
  VirtualService bookinfo/reviews  weight-single  spec.http[1].route[0].weight
    ${single}
    reason: old client

1 mandatory and 1 advisory findings in 2 objects, 1 waived
`,
    );
  });

  it('without findings says so', () => {
    assert.equal(textReport({ findings: [], waived: [], undetermined: [], objects: 1 }), 'No findings in 1 object\n');
  });

  it('for programs is JSON', () => {
    assert.deepEqual(JSON.parse(jsonReport(report)), { ...report });
  });

  it('leaves out findings below the requested level', () => {
    const mandatory = sourced(checkReport(given, {}, { rules }), { objects: 2, level: 'mandatory' });
    assert.deepEqual(
      mandatory.findings.map(({ rule }) => rule),
      ['weight-sum-100'],
    );
  });

  it('refuses mandatory findings, even undetermined ones', () => {
    const [finding] = report.findings.filter(({ level }) => level === 'mandatory');
    assert.ok(finding);
    assert.equal(isRefused({ findings: [finding], undetermined: [] }), true);
    assert.equal(isRefused({ findings: [], undetermined: [finding] }), true);
    assert.equal(isRefused({ findings: [{ ...finding, level: 'advisory' }], undetermined: [] }), false);
  });

  it('in SARIF has levels, places and suppressed waivers', () => {
    const { runs } = JSON.parse(sarifReport(report)) as {
      runs: [{ tool: { driver: { rules: { id: string }[] } }; results: object[] }];
    };
    assert.deepEqual(
      runs[0].tool.driver.rules.map(({ id }) => id),
      ['schema-warnings', 'weight-single', 'weight-sum-100'],
    );
    const place = (name: string) => [
      {
        physicalLocation: { artifactLocation: { uri: 'mesh.yaml' }, region: { startLine: 7 } },
        logicalLocations: [{ fullyQualifiedName: name, kind: 'object' }],
      },
    ];
    const outlier = 'DestinationRule bookinfo/reviews spec.trafficPolicy.outlierDetection.consecutiveErrors';
    const route = 'VirtualService bookinfo/reviews spec.http[0].route';
    const weight = 'VirtualService bookinfo/reviews spec.http[1].route[0].weight';
    assert.deepEqual(runs[0].results, [
      {
        ruleId: 'schema-warnings',
        level: 'warning',
        message: { text: `${outlier}: ${deprecated}` },
        locations: place(outlier),
      },
      { ruleId: 'weight-sum-100', level: 'error', message: { text: `${route}: ${sum}` }, locations: place(route) },
      {
        ruleId: 'weight-single',
        level: 'warning',
        message: { text: `${weight}: ${single}` },
        locations: place(weight),
        suppressions: [{ kind: 'inSource', justification: 'old client' }],
      },
    ]);
  });

  it('in JUnit has a suite per object, where advice and waivers are skipped', () => {
    assert.equal(
      junitReport(report),
      `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" errors="0" skipped="2">
  <testsuite name="DestinationRule bookinfo/reviews" tests="1" failures="0" errors="0" skipped="1">
    <testcase classname="DestinationRule bookinfo/reviews" name="schema-warnings spec.trafficPolicy.outlierDetection.consecutiveErrors" file="mesh.yaml">
      <skipped/>
      <system-out><![CDATA[${deprecated}
fix: ${schemaWarnings.docs.fix}]]></system-out>
    </testcase>
  </testsuite>
  <testsuite name="VirtualService bookinfo/reviews" tests="2" failures="1" errors="0" skipped="1">
    <testcase classname="VirtualService bookinfo/reviews" name="weight-sum-100 spec.http[0].route" file="mesh.yaml">
      <failure message="${sum}&#xA;fix: ${weightSum100.docs.fix}" type="weight-sum-100"/>
    </testcase>
    <testcase classname="VirtualService bookinfo/reviews" name="weight-single spec.http[1].route[0].weight">
      <skipped/>
      <system-out><![CDATA[${single}
waived: old client]]></system-out>
    </testcase>
  </testsuite>
</testsuites>
`,
    );
  });
});
