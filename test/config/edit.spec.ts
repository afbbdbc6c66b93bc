import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { EditError, setStackValue, stackValue } from '../../config/edit';
import type { Key } from '../../config/key-path';

const route: Key[] = ['routes', 'shop', 'cart'];
const weights: Key[] = [...route, 'weights'];

/** Stack files in which cart has v1 at 90 or rest, and v2 at 10; `@` marks what the edit to v2 25 (and v1 75) changes. */
const files: Record<string, string> = {
  'block maps':
    'config:\n  meshwright:routes:\n    shop:\n      cart:\n        weights:\n          v1: rest\n          v2: @10@25@\n',
  'comments everywhere':
    '# top\nconfig: # c\n  # routes\n  meshwright:routes: # r\n    shop: # s\n      cart:\n        # the split\n        weights: # w\n          v1: rest # the others\n          # the canary\n          v2: @10@25@ # percent\n        # end\n# last\n',
  'a flow map':
    'config:\n  meshwright:routes:\n    shop:\n      cart: { versions: [v1, v2], weights: { v1: rest, v2: @10@25@ } }\n',
  'a flow map over lines':
    'config:\n  meshwright:routes: {\n    shop: {\n      cart: {\n        weights: {\n          v1: rest,  # a\n          v2: @10@25@   # b\n        }\n      }\n    }\n  }\n',
  JSON: '{"config":{"meshwright:routes":{"shop":{"cart":{"weights":{"v1":"rest","v2":@10@25@}}}}}}',
  'quoted keys':
    'config:\n  "meshwright:routes":\n    \'shop\':\n      "cart":\n        \'weights\':\n          "v1": rest\n          \'v2\': @10@25@\n',
  CRLF: 'config:\r\n  meshwright:routes:\r\n    shop:\r\n      cart:\r\n        weights:\r\n          v1: rest\r\n          v2: @10@25@\r\n',
  'no end of the last line':
    'config:\n  meshwright:routes:\n    shop:\n      cart:\n        weights: {v1: rest, v2: @10@25@}',
  'a byte order mark':
    '\ufeffconfig:\n  meshwright:routes: { shop: { cart: { weights: { v1: rest, v2: @10@25@ } } } }\n',
  'a section without its namespace': 'config:\n  routes: { shop: { cart: { weights: { v1: rest, v2: @10@25@ } } } }\n',
  'both weights in numbers':
    'config:\n  meshwright:routes: { shop: { cart: { weights: { v1: @90@75@, v2: @10@25@ } } } }\n',
  'odd order':
    'config:\n  meshwright:routes:\n    shop:\n      cart:\n        weights:\n          v2: @10@25@\n          v1: rest\n        versions: [v2, v1]\n  meshwright:istio: {}\n',
  'deep indents':
    'config:\n        meshwright:routes:\n             shop:\n                cart:\n                           weights:\n                                v1: rest\n                                v2: @10@25@\n',
  'an anchor on the weight':
    'config:\n  meshwright:routes: { shop: { cart: { weights: { v1: rest, v2: &share @10@25@ } } } }\n',
  'an alias as the weight':
    'config:\n  meshwright:policy: { maxStep: &ten 10 }\n  meshwright:routes: { shop: { cart: { weights: { v1: rest, v2: @*ten@25@ } } } }\n',
  'an alias as the weights':
    'config:\n  x: &w { v1: rest, v2: 10 }\n  meshwright:routes: { shop: { cart: { weights: @*w@{ v1: rest, v2: 25 }@ } } }\n',
  'a merge that is overridden':
    'config:\n  x: &w { v1: rest, v2: 10 }\n  meshwright:routes: { shop: { cart: { weights: { <<: *w@@, v2: 25@ } } } }\n',
  'an anchor elsewhere':
    'config:\n  meshwright:apps: &a { shop: { namespace: shop } }\n  x: *a\n  meshwright:routes: { shop: { cart: { weights: { v1: rest, v2: @10@25@ } } } }\n',
  'a list before it':
    'config:\n  meshwright:routes:\n    shop:\n      cart:\n        http:\n        - match:\n          - uri: { prefix: / }\n        weights: { v1: rest, v2: @10@25@ }\n',
  'block strings around it':
    'config:\n  a: |\n    weights: { v2: 10 }\n  meshwright:routes:\n    shop:\n      cart:\n        weights:\n          v1: rest\n          v2: @10@25@\n  b: >-\n    v2: 10\n',
  'the same names elsewhere':
    'config:\n  meshwright:routes:\n    other:\n      cart: { weights: { v1: rest, v2: 10 } }\n    shop:\n      till: { weights: { v1: rest, v2: 10 } }\n      cart: { weights: { v1: rest, v2: @10@25@ } }\n',
  'blank lines':
    '\n\nconfig:\n\n  meshwright:routes:\n\n    shop:\n\n      cart:\n\n        weights:\n\n          v1: rest\n\n          v2: @10@25@\n\n\n',
  'trailing blanks':
    'config:  \n  meshwright:routes:  \n    shop:  \n      cart:  \n        weights:  \n          v1: rest  \n          v2: @10@25@  \n',
  'a document start':
    '---\nconfig:\n  meshwright:routes: { shop: { cart: { weights: { v1: rest, v2: @10@25@ } } } }\n...\n',
  'a directive':
    '%YAML 1.2\n---\nconfig:\n  meshwright:routes: { shop: { cart: { weights: { v1: rest, v2: @10@25@ } } } }\n',
  'unicode before it':
    'config:\n  # größer 😀\n  meshwright:routes: { shop: { cart: { weights: { v1: rest, v2: @10@25@ } } } } # 😀\n',
  'a tag': 'config:\n  meshwright:routes: { shop: { cart: { weights: !!map { v1: rest, v2: !!int @10@25@ } } } }\n',
  'explicit keys':
    'config:\n  ? meshwright:routes\n  : shop:\n      cart:\n        weights:\n          v1: rest\n          v2: @10@25@\n',
  'a hexadecimal number': 'config:\n  meshwright:routes: { shop: { cart: { weights: { v1: rest, v2: @0xa@25@ } } } }\n',
  'encrypted values':
    'encryptionsalt: v1:abc=\nconfig:\n  meshwright:apps:\n    secure: v1:x/y==\n  meshwright:routes: { shop: { cart: { weights: { v1: rest, v2: @10@25@ } } } }\n',
  'a trailing comma': 'config:\n  meshwright:routes: { shop: { cart: { weights: { v1: rest, v2: @10@25@, }, }, }, }\n',
};

const pieces = /@([^@]*)@([^@]*)@/g;

describe('edits of a stack file', () => {
  for (const [name, marked] of Object.entries(files)) {
    const before = marked.replaceAll(pieces, '$1');
    const after = marked.replaceAll(pieces, '$2');
    it(`changes only the weight: ${name}`, () => {
      const written = stackValue(before, weights) as Record<string, unknown>;
      const wanted = { ...written, ...(written['v1'] === 90 ? { v1: 75 } : {}), v2: 25 } as Record<string, number>;
      assert.equal(setStackValue(before, weights, wanted), after);
    });
  }

  it('knows at least 30 kinds of files', () => assert.ok(Object.keys(files).length >= 30));

  it('refuses to change the other uses of an anchor', () => {
    const text =
      'config:\n  meshwright:routes: { shop: { cart: { weights: &w { v1: rest, v2: 10 } }, till: { weights: *w } } }\n';
    assert.throws(() => setStackValue(text, weights, { v1: 'rest', v2: 25 }), EditError);
  });

  it('refuses a section of JSON in a string', () => {
    const text = 'config:\n  meshwright:routes: \'{"shop":{}}\'\n';
    assert.throws(() => setStackValue(text, weights, { v1: 100 }), EditError);
  });

  const rule = { match: [{ headers: { 'x-canary': { exact: 'always' } } }], weights: { v2: 100 } };
  const block = `config:
  meshwright:routes:
    shop:
      cart:
        weights: { v1: rest, v2: 10 }
        http: # the rules
          # jason
          - match: # only he
              - headers: { end-user: { exact: jason } }
            weights: { v2: 100 }
      till: {} # next
`;

  it('adds a rule in front of the others and removes it again, byte for byte', () => {
    const before = stackValue(block, route) as { http: object[] };
    const added = setStackValue(block, route, { ...before, http: [rule, ...before.http] });
    assert.equal(
      added,
      block.replace(
        '          # jason',
        '          - { match: [ { headers: { x-canary: { exact: always } } } ], weights: { v2: 100 } }\n          # jason',
      ),
    );
    assert.equal(setStackValue(added, route, before), block);
  });

  for (const [name, text] of Object.entries({
    block:
      'config:\n  meshwright:routes:\n    shop:\n      cart:\n        weights:\n          v1: rest\n      till: {} # next\n',
    flow: 'config:\n  meshwright:routes: { shop: { cart: { weights: { v1: rest } } } }\n',
    CRLF: 'config:\r\n  meshwright:routes:\r\n    shop:\r\n      cart: # c\r\n        weights: { v1: rest } # w\r\n',
    'no last line end': 'config:\n  meshwright:routes:\n    shop:\n      cart:\n        weights: { v1: rest }',
  })) {
    it(`adds keys, and removes them again byte for byte: ${name}`, () => {
      const before = stackValue(text, route) as object;
      const wanted = { weights: { v1: 'rest', v2: 5 }, http: [{ mirror: { host: 'a', subset: 'v2' } }, rule] };
      const added = setStackValue(text, route, wanted);
      assert.deepEqual(stackValue(added, route), wanted);
      assert.equal(setStackValue(added, route, before), text);
    });
  }

  it('removes every kind of entry', () => {
    const text =
      'config:\n  meshwright:routes:\n    shop:\n      cart:\n        http:\n          - name: a\n            timeout: 1s\n          - name: b # keep\n        weights: { v1: 50, v2: 25, v3: 25 }\n';
    const wanted = { http: [{ timeout: '1s' }], weights: { v3: 100 } };
    const edited = setStackValue(text, route, wanted);
    assert.deepEqual(stackValue(edited, route), wanted);
  });

  const json = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.integer({ min: 0, max: 100 }),
      fc.constantFrom('rest', 'a: b', '1.10', 'yes', '# no', "it's", '', 'x, y'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'v1', 'x-y'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value;
  const before = (value: unknown, flow: number): string =>
    stringify(
      { config: { 'meshwright:routes': { shop: { cart: value, till: { keep: 'me' } } }, other: [1] } },
      { collectionStyle: flow === 0 ? 'block' : flow === 1 ? 'flow' : 'any', lineWidth: 0 },
    );

  it('reaches any value from any other, and leaves the rest alone', () => {
    fc.assert(
      fc.property(json, json, fc.integer({ min: 0, max: 2 }), (from, to, flow) => {
        const text = before(from, flow);
        const edited = setStackValue(text, route, to);
        assert.deepEqual(stackValue(edited, route), to);
        assert.deepEqual(stackValue(edited, ['routes', 'shop', 'till']), { keep: 'me' });
        if (isDeepStrictEqual(from, to)) assert.equal(edited, text);
      }),
      { numRuns: 500 },
    );
  });
});
