import assert from 'node:assert/strict';
import { formatProblems } from '../../config/problem';

describe('formatted problems', () => {
  it('are one block each: place, path and value; what is wrong; what to write', () => {
    const text = formatProblems([
      {
        file: 'Pulumi.dev.yaml',
        line: 12,
        column: 7,
        path: 'meshwright:istio.mtls',
        value: 'strict',
        message: 'must be "STRICT"',
        hint: 'did you mean "STRICT"?',
      },
      { path: 'meshwright:apps.bookinfo.namespace', message: 'is missing' },
      { file: 'Pulumi.dev.yaml', path: '', message: 'no such file' },
    ]);
    assert.equal(
      text,
      [
        'Pulumi.dev.yaml:12:7 meshwright:istio.mtls: "strict"',
        '  must be "STRICT"',
        '  did you mean "STRICT"?',
        'meshwright:apps.bookinfo.namespace',
        '  is missing',
        'Pulumi.dev.yaml',
        '  no such file',
      ].join('\n'),
    );
  });

  it('show values in one line of bounded length', () => {
    const values = [0, '', null, {}, 'line\nbreak', secret(), NaN, { list: Array.from({ length: 100 }, (_, i) => i) }];
    assert.deepEqual(
      values.map((value) => formatProblems([{ path: 'p', value, message: 'm' }]).split('\n')[0]),
      [
        'p: 0',
        'p: ""',
        'p: null',
        'p: {}',
        'p: "line\\nbreak"',
        'p: [secret]',
        'p: NaN',
        'p: {"list":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26…',
      ],
    );
  });
});

function secret(): string {
  return '[secret]';
}
