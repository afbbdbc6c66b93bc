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
  it('has them under $defs, parts of parts too, and nothing else is changed', () => {
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

  it('leaves alone what is a condition, not a part', () => {
    const schema = { type: 'object', oneOf: [{ not: large }, large], additionalProperties: large };
    assert.deepEqual(withShared(schema), { ...schema, $defs: {} });
  });

  it('says the same of an object, at the same places', () => {
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

  it('is a schema for each kind of Istio', () => {
    const ajv = new Ajv({ strict: false, logger: false });
    for (const schema of crds.schemas as JsonSchema[]) {
      assert.deepEqual([ajv.validateSchema(withShared(schema)), ajv.errors], [true, null]);
    }
  });
});
