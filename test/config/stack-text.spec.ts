import assert from 'node:assert/strict';
import { encryptedValue } from '../../config/problem';
import { parseStackText } from '../../config/stack-text';
import { inFile, textProblems } from './support';

const file = 'Pulumi.test.yaml';

/** The parsed stack file, without its position function. */
function settingsOf(text: string) {
  const parsed = parseStackText(text, file);
  if ('problems' in parsed) return parsed;
  const { settings, policy } = parsed;
  return { settings, policy };
}

describe('the text of a stack file', () => {
  it("has sections with and without the project's namespace, among keys of other programs", () => {
    const text = `
encryptionsalt: v1:abc
config:
  kubernetes:context: kind-dev
  aws:accountId: 012345678901
  meshwright:namespaces: { shop: { injection: false } }
  routes: { shop: { cart: {} } }
  meshwright:policy: { maxStep: 0 }
`;
    assert.deepEqual(settingsOf(text), {
      settings: { namespaces: { shop: { injection: false } }, routes: { shop: { cart: {} } } },
      policy: { maxStep: 0 },
    });
  });

  it('may have a section as JSON, as `pulumi config set` writes it', () => {
    assert.deepEqual(settingsOf(`config: { "meshwright:namespaces": '{"shop": {"ambient": true}}' }`), {
      settings: { namespaces: { shop: { ambient: true } } },
      policy: {},
    });
    assert.deepEqual(textProblems('config:\n  meshwright:namespaces: shop\n'), [
      inFile({ path: 'meshwright:namespaces', value: 'shop', message: 'must be a map' }, 2, 3),
    ]);
  });

  it('may use anchors, aliases and merges', () => {
    const text = `
config:
  meshwright:namespaces:
    one: &meshed { injection: true, labels: { a: b } }
    two: *meshed
    three: { <<: *meshed, injection: false }
`;
    const labels = { a: 'b' };
    assert.deepEqual(settingsOf(text), {
      settings: {
        namespaces: {
          one: { injection: true, labels },
          two: { injection: true, labels },
          three: { injection: false, labels },
        },
      },
      policy: {},
    });
  });

  it('returns maps in the order in which Pulumi passes them to a program', () => {
    const text = 'config: { meshwright:namespaces: { b: { labels: { z: "1", a: "2" } }, a: {} } }';
    assert.equal(
      JSON.stringify(settingsOf(text)),
      '{"settings":{"namespaces":{"a":{},"b":{"labels":{"a":"2","z":"1"}}}},"policy":{}}',
    );
  });

  it('replaces encrypted values', () => {
    const text = `
config:
  meshwright:addons: { grafana: { password: { secure: v1:cipher:text } }, prometheus: { values: { list: [{ secure: more }] } } }
  meshwright:istio: { values: { istiod: { secure: text, of: map } } }
`;
    assert.deepEqual(settingsOf(text), {
      settings: {
        addons: { grafana: { password: encryptedValue }, prometheus: { values: { list: [encryptedValue] } } },
        istio: { values: { istiod: { secure: 'text', of: 'map' } } },
      },
      policy: {},
    });
  });

  it('fails with encrypted values where strings are not allowed, and does not show them', () => {
    const text = `
config:
  meshwright:policy: { maxStep: { secure: v1:cipher:text } }
  meshwright:addons: { secure: v1:cipher:text }
`;
    const hint = 'only strings can be encrypted, one value at a time: pulumi config set --secret --path';
    assert.deepEqual(textProblems(text), [
      inFile(
        {
          path: 'meshwright:policy.maxStep',
          value: encryptedValue,
          message: 'must be whole percentage points from 0 to 100',
          hint,
        },
        3,
        24,
      ),
      inFile({ path: 'meshwright:addons', value: encryptedValue, message: 'must be a map', hint }, 4, 3),
    ]);
  });

  it('fails for broken YAML, with all mistakes', () => {
    assert.deepEqual(
      textProblems('config:\n\tmeshwright:istio: {}\n  a: [1\nb: "2\n').map(({ line }) => line),
      [2, 3, 4, 5],
    );
    assert.deepEqual(textProblems('config:\n  meshwright:routes: { a: {}\n'), [
      inFile(
        { path: '', message: 'flow map in block collection must be sufficiently indented and end with a }' },
        3,
        1,
      ),
    ]);
  });

  it('fails with duplicate keys, in addition to everything else', () => {
    const text = `
config:
  meshwright:namespaces:
    shop: {}
    shop: { injektion: true }
`;
    assert.deepEqual(
      textProblems(text),
      [
        inFile(
          { path: 'meshwright:namespaces.shop', message: 'duplicate key (first at line 4); keep one of them' },
          5,
          5,
        ),
        inFile(
          {
            path: 'meshwright:namespaces.shop.injektion',
            value: true,
            message: 'unknown key; the keys here are injection, revision, ambient, existing, labels, annotations',
            hint: 'did you mean "injection"?',
          },
          4,
          5,
        ),
      ].sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
    );
  });

  it('fails with one section under two keys', () => {
    assert.deepEqual(textProblems('config:\n  meshwright:istio: {}\n  istio: {}\n'), [
      inFile(
        { path: 'meshwright:istio', message: 'istio and meshwright:istio are the same key; keep one of them' },
        3,
        3,
      ),
    ]);
  });

  it('fails with a misspelt namespace', () => {
    assert.deepEqual(textProblems('config:\n  meshwrite:istio: {}\n'), [
      inFile(
        {
          path: 'config.meshwrite:istio',
          message: 'unknown configuration namespace "meshwrite"; did you mean "meshwright"?',
        },
        2,
        3,
      ),
    ]);
  });

  it('fails for several documents, an empty file, and other values', () => {
    const empty = { path: '', message: 'the file is empty; a stack file is a map with the key "config"', file };
    const several = { path: '', message: 'a stack file is one document, and this file has several' };
    assert.deepEqual(textProblems(''), [empty]);
    assert.deepEqual(textProblems('# only a word\n'), [empty]);
    assert.deepEqual(textProblems('config: {}\n---\nconfig: {}\n'), [inFile(several, 2, 1)]);
    assert.deepEqual(textProblems('[config]'), [
      { path: '', value: ['config'], message: 'a stack file is a map with the key "config"', file },
    ]);
    assert.deepEqual(textProblems('name: meshwright\nruntime: nodejs\nconfig: {}\n'), [
      inFile(
        {
          path: '',
          message: 'this is a project file; the mesh is in the stack files beside it, Pulumi.<stack>.yaml',
        },
        3,
        1,
      ),
    ]);
  });

  it('fails without a map of config', () => {
    const missing = { path: 'config', message: 'is missing; it must be a map of meshwright: keys', file };
    assert.deepEqual(textProblems('encryptionsalt: abc\n'), [missing]);
    assert.deepEqual(textProblems('confg: {}\n'), [{ ...missing, hint: 'did you mean "config" instead of "confg"?' }]);
    assert.deepEqual(textProblems('meshwright:istio: {}\n'), [
      { ...missing, hint: 'put the meshwright: keys under "config:"' },
    ]);
    assert.deepEqual(textProblems('config: []\n'), [
      inFile({ path: 'config', value: [], message: 'must be a map of meshwright: keys' }, 1, 1),
    ]);
    assert.deepEqual(textProblems('config:\n'), [
      inFile({ path: 'config', value: null, message: 'must be a map of meshwright: keys' }, 1, 1),
    ]);
  });

  it('fails with scalars that Pulumi reads differently', () => {
    const labels: [string, string][] = [
      ['a', '010'],
      ['b', '1_000'],
      ['c', '0b11'],
      ['d', '2020-01-01'],
      ['e', '2020-1-1T10:00:00Z'],
      ['1.10', 'x'],
      ['010', 'x'],
      ['1e3', 'x'],
      ['~', 'x'],
      ['True', 'x'],
    ];
    const problem = (text: string) =>
      `Pulumi reads ${text} as a date, or as a number in the notation of YAML 1.1; put it in quotes, or write the number that you mean`;
    const lines = labels.map(([key, value]) => `      ${key}: ${value}\n`).join('');
    const found = textProblems(`config:\n  meshwright:istio:\n    meshConfig:\n${lines}`);
    assert.deepEqual(
      found.map(({ path, message, line }) => ({ path, message, line })),
      labels.map(([key, value], index) => ({
        path: `meshwright:istio.meshConfig${key === '1.10' ? '["1.10"]' : `.${key === '~' ? '~' : key}`}`,
        message: problem(value === 'x' ? key : value),
        line: index + 4,
      })),
    );
  });

  it('accepts quoted scalars, and those that both read alike', () => {
    const values =
      '{ a: "010", b: \'2020-01-01\', c: 10, d: 1.5, e: 0x1F, f: yes, g: 1:20, h: -3, 10: x, "1.10": y, true: z, i: 0, j: 0.5 }';
    assert.deepEqual(settingsOf(`config: { meshwright:istio: { meshConfig: ${values} } }`), {
      settings: {
        istio: {
          meshConfig: {
            a: '010',
            b: '2020-01-01',
            c: 10,
            d: 1.5,
            e: 31,
            f: 'yes',
            g: '1:20',
            h: -3,
            '10': 'x',
            '1.10': 'y',
            true: 'z',
            i: 0,
            j: 0.5,
          },
        },
      },
      policy: {},
    });
  });

  it('fails with aliases without an anchor, and with too many', () => {
    assert.deepEqual(
      textProblems('config: *nothing\n').map(({ path, line }) => ({ path, line })),
      [{ path: '', line: 1 }],
    );
    const levels = Array.from('abcdefghij').map((name, index, all) => {
      const before = all[index - 1];
      return `${name}: &${name} [${before === undefined ? 'x' : `*${before},`.repeat(10)}]`;
    });
    assert.deepEqual(textProblems(`${levels.join('\n')}\nconfig: {}\n`), [
      inFile({ path: '', message: 'excessive alias count indicates a resource exhaustion attack' }, 1, 1),
    ]);
  });

  it('fails with an alias inside its own anchor', () => {
    const endless = (name: string): string =>
      `alias *${name} refers to an anchor that contains it; write the value out instead`;
    assert.deepEqual(textProblems('config:\n  meshwright:routes: &a\n    shop: *a\n  meshwright:objects: &b [*b]\n'), [
      inFile({ path: '', message: endless('a') }, 3, 11),
      inFile({ path: '', message: endless('b') }, 4, 27),
    ]);
  });

  it('fails with everything at once, in the order of the file', () => {
    const text = `
config:
  meshwright:istio: { mtls: strict }
  meshwright:namespaces: { bookinfo: {} }
  meshwright:rotues: {}
  meshwright:routes:
    bookinfo:
      reviews:
        versions: [v1, v2, v3]
        weights: { v1: "90", v3: 10 }
        http:
          - wieghts: { v2: 100 }
          - weights: { v2: 90, v9: 20 }
      ratings:
        versions: [v1]
        weights: { v1: 33.3 }
    bokinfo: { details: {} }
  meshwright:objects:
    - apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: { name: bad, namespace: bookinfo }
      spec: { hosts: [bad], http: [{ timeout: soon, route: [{ destination: { host: bad } }] }] }
`;
    const at = 'meshwright:routes.bookinfo';
    const single = 'a weight must be a whole number from 0 to 100, or "rest"';
    const expected = [
      ['meshwright:istio.mtls', 'must be "STRICT", "PERMISSIVE" or "DISABLE"', 3],
      [
        'meshwright:rotues',
        'unknown key; the keys here are istio, gateways, namespaces, apps, addons, routes, rollouts, objects, adopt, proof, expect, policy',
        5,
      ],
      [`${at}.reviews.weights.v1`, single, 10],
      [`${at}.reviews.http[0].wieghts`, /^unknown key; the keys here are weights, name, match/, 12],
      [
        `${at}.reviews.http[1].weights`,
        'weights must sum to 100, these sum to 110: v2 90, v9 20; change one of them, or make it "rest"',
        13,
      ],
      [`${at}.reviews.http[1].weights.v9`, 'reviews has no version "v9"; its versions are v1, v2, v3', 13],
      [`${at}.ratings.weights.v1`, single, 16],
      ['meshwright:routes.bokinfo', 'namespace "bokinfo" is not declared under meshwright:namespaces', 17],
      ['meshwright:objects[0].spec.http[0].timeout', /soon.*\(object-schema\)$/, 22],
    ] as const;
    const found = textProblems(text);
    assert.deepEqual(
      found.map(({ path, line }) => [path, line]),
      expected.map(([path, , line]) => [path, line]),
    );
    for (const [index, [, message]] of expected.entries()) {
      if (typeof message === 'string') assert.equal(found[index]?.message, message);
      else assert.match(found[index]?.message ?? '', message);
    }
  });
});
