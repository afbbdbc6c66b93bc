import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkReport } from '../../../policy/check';
import { ruleDocs } from '../../../tools/generate/rule-docs';
import type { Rule } from '../../../policy/rule';
import { resourceRules, rules } from '../../../policy/rules';
import { objects } from '../judge';

const root = join(__dirname, '..', '..', '..');

describe('every rule', () => {
  for (const rule of rules) {
    it(`${rule.id} reports its bad example, and not its good one`, () => {
      assert.deepEqual(raised(rule, rule.docs.bad), [rule.id]);
      assert.deepEqual(raised(rule, rule.docs.good), []);
    });

    it(`${rule.id} has a good example that no other mandatory rule refuses`, () => {
      const { findings } = checkReport(objects(rule.docs.good), rule.docs.options, {
        rules: rules.filter(({ single }) => single),
      });
      assert.deepEqual(
        findings.filter(({ level }) => level === 'mandatory'),
        [],
      );
    });
  }

  it('has its own id, which is also the name of its file', () => {
    const ids = [...rules, ...resourceRules].map(({ id }) => id);
    assert.deepEqual(ids, [...new Set(ids)]);
    for (const id of ids)
      assert.ok(readFileSync(join(root, 'policy', 'rules', `${id}.ts`), 'utf8').includes(`'${id}'`));
  });

  it('is up to date in docs/rules.md: npm run generate', () => {
    assert.equal(readFileSync(join(root, 'docs', 'rules.md'), 'utf8'), ruleDocs());
  });
});

function raised(rule: Rule, yaml: string): string[] {
  const { findings } = checkReport(objects(yaml), rule.docs.options, { rules: [rule] });
  return [...new Set(findings.map((finding) => finding.rule))];
}
