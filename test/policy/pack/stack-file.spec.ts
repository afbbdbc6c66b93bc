import assert from 'node:assert/strict';
import { stackFile } from '../../../policy/pack/options';

describe('the stack file, as the engine hands it over', () => {
  const before = process.env['PULUMI_CONFIG'];
  afterEach(() => {
    if (before === undefined) delete process.env['PULUMI_CONFIG'];
    else process.env['PULUMI_CONFIG'] = before;
  });

  it('is its sections, of which one that cannot be read spoils no other', () => {
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
