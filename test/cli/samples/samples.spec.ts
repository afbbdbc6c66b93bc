import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkMesh } from '../../../config/check-mesh';
import {
  findSample,
  readBase,
  readState,
  sampleNames,
  samplesFolder,
  sampleStackFile,
  sampleStates,
} from '../../../cli/samples';
import { sample } from '../../support/samples';

describe('samples', () => {
  for (const name of sampleNames()) {
    it(`lists every state that ${name} has a file for, once`, () => {
      const files = readdirSync(join(samplesFolder, name, 'states')).map((file) => file.replace(/\.yaml$/, ''));
      assert.deepEqual([...readBase(name).states].sort(), files.sort());
    });
  }

  for (const { sample: name, state, description } of sampleStates()) {
    it(`is sound and passes every mandatory rule: ${name}/${state}`, () => {
      const { settings, policy, source } = sample(`${name}/${state}`);
      assert.deepEqual(checkMesh(settings, policy, source).problems, []);
      assert.notEqual(description, '');
    });
  }

  it('contains only changes: no state repeats a value of the state before', () => {
    for (const { sample: name, state } of sampleStates().filter((each) => each.state !== 'base')) {
      const { from = 'base', config } = readState(name, state);
      const before = sample(`${name}/${from}`).settings;
      assert.deepEqual(repeated(before, config), [], `${name}/${state}`);
    }
  });

  it('is a stack file with a line that describes it', () => {
    const [comment, config] = sampleStackFile('003-course', 'delay').split('\n');
    assert.equal(comment, '# Sample 003-course, state delay: ratings is seven seconds late for jason');
    assert.equal(config, 'config:');
  });
});

/** Paths where a patch repeats an existing value. */
function repeated(before: unknown, patch: Record<string, unknown>): string[] {
  return Object.entries(patch).flatMap(([key, value]) => {
    const there = (before as Record<string, unknown> | undefined)?.[key.replace(/^meshwright:/, '')];
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
      return repeated(there, value as Record<string, unknown>).map((path) => `${key}.${path}`);
    }
    return value !== null && JSON.stringify(there) === JSON.stringify(value) ? [key] : [];
  });
}

describe('findSample', () => {
  it('finds a sample by name or number, and its base without a state', () => {
    const delay = { sample: '003-course', state: 'delay' };
    assert.deepEqual(findSample('003/delay'), delay);
    assert.deepEqual(findSample('003-course/delay'), delay);
    assert.deepEqual(findSample('003'), { sample: '003-course', state: 'base' });
    assert.deepEqual(findSample('003-course/base'), { sample: '003-course', state: 'base' });
  });

  it('fails for an unknown name, with the nearest and all known names', () => {
    const samples = '000-mall, 001-addons, 002-tutorial, 003-course, 004-bookinfo-mtls';
    assert.deepEqual(findSample('bookinfo'), { problem: `no sample "bookinfo"; there are ${samples}` });
    assert.deepEqual(findSample('03-course'), {
      problem: `no sample "03-course"; did you mean "003-course"? (there are ${samples})`,
    });
    assert.deepEqual(findSample('000/canary'), {
      problem: 'no state "canary" of sample 000-mall; there are base, without-injection, canary-20, canary-by-version',
    });
    assert.deepEqual(findSample('000/canary-2'), {
      problem:
        'no state "canary-2" of sample 000-mall; did you mean "canary-20"? (there are base, without-injection, canary-20, canary-by-version)',
    });
    assert.deepEqual(findSample('000/base/base'), {
      problem:
        'no state "base/base" of sample 000-mall; there are base, without-injection, canary-20, canary-by-version',
    });
  });
});
