import assert from 'node:assert/strict';
import { decodeText, readKubernetesYaml } from '../../config/yaml';

const values = (text: string): unknown[] => readKubernetesYaml(text).map(({ value }) => value);
const problems = (text: string) => readKubernetesYaml(text).map((document) => document.problems);

describe('YAML as kubectl reads it', () => {
  it('has the numbers of YAML 1.1, except base-60 numbers', () => {
    const text = `
octal: 010
newOctal: 0o17
binary: 0b101
hexadecimal: -0x1F
grouped: 1_000
signed: +5
noOctal: 08
float: .5
exponent: 1e3
time: 12:30
version: 1.10.0
quoted: "010"
tagged: !!str 010
explicit: !!int "7"
`;
    assert.deepEqual(values(text), [
      {
        octal: 8,
        newOctal: 15,
        binary: 5,
        hexadecimal: -31,
        grouped: 1000,
        signed: 5,
        noOctal: 8,
        float: 0.5,
        exponent: 1000,
        time: '12:30',
        version: '1.10.0',
        quoted: '010',
        tagged: '010',
        explicit: 7,
      },
    ]);
  });

  it('has booleans and nulls in all spellings, even as keys, and dates as strings', () => {
    const words = 'y Y yes Yes YES on On ON true True TRUE'.split(' ');
    const others = 'n N no No NO off Off OFF false False FALSE'.split(' ');
    assert.deepEqual(values(`[${[...words, ...others].join(', ')}]`), [
      [...words.map(() => true), ...others.map(() => false)],
    ]);
    assert.deepEqual(values('{ a: ~, b: null, c: Null, d:, e: "", f: yEs, 010: x, on: x }'), [
      { a: null, b: null, c: null, d: null, e: '', f: 'yEs', 8: 'x', true: 'x' },
    ]);
    assert.deepEqual(values('{ a: 2020-01-01, b: !!timestamp 2020-01-01 }'), [{ a: '2020-01-01', b: '2020-01-01' }]);
  });

  it('merges with <<, and finds the position of merged keys', () => {
    const text = 'base: &base\n  a: 1\n  b: 2\nown:\n  <<: *base\n  b: 3\n';
    const [document] = readKubernetesYaml(text);
    assert.deepEqual(document?.value, { base: { a: 1, b: 2 }, own: { a: 1, b: 3 } });
    assert.deepEqual(
      [document?.position(['own', 'a']), document?.position(['own', 'b']), document?.position(['own', 'c'])],
      [
        { line: 2, column: 3 },
        { line: 6, column: 3 },
        { line: 4, column: 1 },
      ],
    );
  });

  it('reads several documents, each with its line, and JSON with tabs', () => {
    const documents = readKubernetesYaml('a: 1\n---\n# nothing\n---\nb: 2\n');
    assert.deepEqual(
      documents.map(({ value, line }) => ({ value, line })),
      [
        { value: { a: 1 }, line: 1 },
        { value: null, line: 2 },
        { value: { b: 2 }, line: 5 },
      ],
    );
    assert.deepEqual(values('{\n\t"a": "x\\/y",\n\t"b": [1,\n\t2]\n}\n'), [{ a: 'x/y', b: [1, 2] }]);
  });

  it('refuses duplicate keys with both positions, even in different spellings', () => {
    assert.deepEqual(problems('a:\n  b: 1\n  c: 2\n  b: 3\n'), [
      [{ message: 'duplicate key (first at line 2); keep one of them', line: 4, column: 3 }],
    ]);
    assert.deepEqual(problems('on: 1\nyes: 2\n'), [
      [{ message: 'duplicate key (first at line 1); keep one of them', line: 2, column: 1 }],
    ]);
  });

  it('refuses a map as a key, as in an unrendered template', () => {
    const documents = readKubernetesYaml('name: {{ .Release.Name }}\n');
    assert.deepEqual(
      documents.map(({ hasTemplateKeys, problems: found }) => ({ hasTemplateKeys, found })),
      [{ hasTemplateKeys: true, found: [{ message: 'a key must be a string or number', line: 1, column: 8 }] }],
    );
  });

  it('lets a quoted string go on in lines that are not indented, and keeps the numbers of the lines', () => {
    const text = `a:\n  b: 'one\n  two'\n  c: "x\n  y: 'z\n  w'"\n  d: 1\n`;
    const [document] = readKubernetesYaml(text);
    assert.deepEqual(document?.value, { a: { b: 'one two', c: "x y: 'z w'", d: 1 } });
    assert.equal(document.position(['a', 'd'])?.line, 7);
    assert.deepEqual(problems("a: 'open\nb: 1\n").flat().length > 0, true);
  });

  it('refuses an alias without an anchor, and one inside its own anchor', () => {
    const alone = 'alias *b has no anchor before it; write the value out, or set the anchor &b';
    const endless = 'alias *a refers to an anchor that contains it; write the value out instead';
    assert.deepEqual(problems('a: *b\n'), [[{ message: alone, line: 1, column: 4 }]]);
    assert.deepEqual(problems('x: &a [*a]\n'), [[{ message: endless, line: 1, column: 8 }]]);
  });
});

describe('the content of a file', () => {
  it('is UTF-8, or UTF-16 in either byte order, with or without a byte order mark', () => {
    const utf16 = Buffer.from('kind: é\n', 'utf16le');
    const texts = [
      Buffer.from('kind: é\n'),
      Buffer.from('\ufeffkind: é\n'),
      utf16,
      Buffer.from('\ufeffkind: é\n', 'utf16le'),
      Buffer.from(utf16).swap16(),
      Buffer.from('\ufeffkind: é\n', 'utf16le').swap16(),
    ].map(decodeText);
    assert.deepEqual(
      texts,
      texts.map(() => 'kind: é\n'),
    );
  });

  it('is nothing else', () => {
    assert.deepEqual(
      [decodeText(Buffer.from([0x6b, 0xe9])), decodeText(Buffer.from([1, 2, 0, 0, 3]))],
      [undefined, undefined],
    );
  });
});
