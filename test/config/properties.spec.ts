import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parse } from 'yaml';
import { allProblems, checkMesh } from '../../config/check-mesh';
import { parseStack } from '../../config/parse';
import { parseStackText } from '../../config/stack-text';
import { sampleStackFile, sampleStates } from '../../cli/samples';

const bookinfo = { namespaces: { bookinfo: {} }, apps: { bookinfo: { namespace: 'bookinfo' } } };
const examples = sampleStates().map(({ sample, state }) => {
  const { config } = parse(sampleStackFile(sample, state)) as { config: Record<string, unknown> };
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace('meshwright:', ''), value]));
});

/** Words from settings, so that arbitrary values are sometimes valid. */
const word = fc.constantFrom(
  ...[
    'istio',
    'gateways',
    'namespaces',
    'apps',
    'addons',
    'routes',
    'objects',
    'policy',
    'bookinfo',
    'reviews',
    'default',
  ],
  ...[
    'versions',
    'weights',
    'http',
    'route',
    'v1',
    'v2',
    'rest',
    'metadata',
    'name',
    'kind',
    'apiVersion',
    'spec',
    '__proto__',
  ],
  ...[
    'service',
    'ports',
    'nodePorts',
    'workloads',
    'services',
    'image',
    'kiali',
    'tracing',
    'certificate',
    'ingress',
    '',
  ],
);
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.oneof(word, fc.string(), fc.integer({ min: -1, max: 101 }), fc.double(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(word, fc.string()), tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** A valid stack with one value replaced or removed. */
const broken = fc
  .tuple(fc.constantFrom(bookinfo, ...examples), fc.array(fc.nat(), { maxLength: 9 }), fc.option(json))
  .map(([good, turns, value]) => {
    const root = structuredClone(good) as unknown;
    let at = root as Record<string, unknown>;
    for (const [depth, turn] of turns.entries()) {
      const keys = Object.keys(at);
      const key = keys[turn % Math.max(keys.length, 1)];
      if (key === undefined) break;
      const below = at[key];
      if (depth === turns.length - 1 || typeof below !== 'object' || below === null) {
        if (value === null && !Array.isArray(at)) Reflect.deleteProperty(at, key);
        else at[key] = value;
        break;
      }
      at = below as Record<string, unknown>;
    }
    return root;
  });

describe('parseStack', () => {
  it('never throws, and its valid part is valid', () => {
    fc.assert(
      fc.property(fc.oneof(json, broken), (sections) => {
        const parsed = parseStack(sections);
        if (!('problems' in parsed)) return;
        assert.ok(parsed.problems.length > 0);
        for (const { message } of parsed.problems) assert.ok(message !== '' && !message.startsWith('Invalid'), message);
        assert.ok(allProblems(parsed).length >= parsed.problems.length);
      }),
      { numRuns: 500 },
    );
  });

  it('returns settings that can be rendered and judged, and parsed again with the same result', () => {
    fc.assert(
      fc.property(fc.oneof(broken, fc.constantFrom(...examples)), (sections) => {
        const parsed = parseStack(sections);
        if ('problems' in parsed) return;
        checkMesh(parsed.settings, parsed.policy);
        assert.deepEqual(parseStack({ ...parsed.settings, policy: parsed.policy }), parsed);
      }),
      { numRuns: 100 },
    );
  });

  it('never throws for a string', () => {
    const line = fc.tuple(
      fc.nat(8),
      fc.oneof(word, fc.string()),
      fc.oneof(word, fc.string(), fc.constantFrom('', '{}', '[', '*a', '&a', '!x', '010')),
    );
    const text = fc
      .array(line)
      .map(
        (lines) => `config:\n${lines.map(([depth, key, value]) => `${' '.repeat(depth)}${key}: ${value}`).join('\n')}`,
      );
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (written) => {
        parseStackText(written, 'Pulumi.test.yaml');
      }),
      { numRuns: 500 },
    );
  });
});
