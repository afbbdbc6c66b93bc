import assert from 'node:assert/strict';
import Ajv from 'ajv';
import { withShared, type JsonSchema } from '../../../policy/schema/crd/schemas';
import crds from '../../../policy/schema/crd/istio.generated.json';

const words = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];
const large: JsonSchema = {
  type: 'object',
  properties: Object.fromEntries(words.map((word) => [word, { type: 'string', maxLength: word.length }])),
};
const holder: JsonSchema = { type: 'object', properties: { inner: large, list: { type: 'array', items: large } } };

describe('a schema with its repeated parts once', () => {
  it('has them under $defs, including nested parts, and is otherwise unchanged', () => {
    const small = { type: 'string' };
    const schema = { type: 'object', properties: { a: holder, b: holder, c: large, d: small, e: small } };
    const part = (name: string) => ({ $ref: `#/$defs/${name}` });
    assert.deepEqual(withShared(schema), {
      type: 'object',
      properties: { a: part('part0'), b: part('part0'), c: part('part1'), d: small, e: small },
      $defs: {
        part0: { type: 'object', properties: { inner: part('part1'), list: part('part2') } },
        part1: large,
        part2: { type: 'array', items: part('part1') },
      },
    });
  });

  it('does not change conditions, which are not parts', () => {
    const schema = { type: 'object', oneOf: [{ not: large }, large], additionalProperties: large };
    assert.deepEqual(withShared(schema), { ...schema, $defs: {} });
  });

  it('reports the same problems at the same places', () => {
    const schema = { type: 'object', properties: { a: holder }, additionalProperties: holder };
    const broken = { a: { inner: { one: 1, two: 'much too long' } }, b: { list: [{}, { three: false }] } };
    const errors = (one: JsonSchema): unknown[] => {
      const validate = new Ajv({ allErrors: true, strict: false }).compile(one);
      validate(broken);
      return (validate.errors ?? []).map(({ instancePath, keyword, params }) => ({ instancePath, keyword, params }));
    };
    assert.equal(errors(schema).length, 3);
    assert.deepEqual(errors(withShared(schema)), errors(schema));
  });

  it("exists for each of Istio's kinds", () => {
    const ajv = new Ajv({ strict: false, logger: false });
    for (const schema of crds.schemas as JsonSchema[]) {
      assert.deepEqual([ajv.validateSchema(withShared(schema)), ajv.errors], [true, null]);
    }
  });
});
