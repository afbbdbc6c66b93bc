import assert from 'node:assert/strict';
import { stackFile } from '../../../policy/pack/options';

describe("the stack file in the engine's configuration", () => {
  const before = process.env['PULUMI_CONFIG'];
  afterEach(() => {
    if (before === undefined) delete process.env['PULUMI_CONFIG'];
    else process.env['PULUMI_CONFIG'] = before;
  });

  it('has its sections, and skips one that cannot be read', () => {
    const config = {
      'meshwright:policy': '{"maxStep":20}',
      'meshwright:routes': 'none',
      'kubernetes:context': '"lab"',
    };
    process.env['PULUMI_CONFIG'] = JSON.stringify(config);
    assert.deepEqual(stackFile(), { policy: { maxStep: 20 }, routes: undefined });
  });

  for (const [what, config] of [
    ['no configuration', undefined],
    ['one that is not JSON', '{'],
    ['one that is not a map', '[]'],
  ] as const) {
    it(`has no sections where there is ${what}`, () => {
      if (config === undefined) delete process.env['PULUMI_CONFIG'];
      else process.env['PULUMI_CONFIG'] = config;
      assert.deepEqual(stackFile(), {});
    });
  }
});
