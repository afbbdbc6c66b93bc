import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { schemaFile, schemaText } from '../../config/json-schema';
import { sampleStackFile, sampleStates } from '../../cli/samples';

const root = join(__dirname, '..', '..');
const validate = new Ajv({ allErrors: true, strict: false }).compile(JSON.parse(schemaText()) as object);

/** Places and keywords that an editor would underline in a stack file with these sections. */
function underlined(config: unknown): string[] {
  if (validate({ config })) return [];
  return [...new Set((validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`))];
}

const route = (reviews: unknown) => ({ 'meshwright:routes': { bookinfo: { reviews } } });
const at = '/config/meshwright:routes/bookinfo/reviews';

describe('the JSON Schema of a stack file', () => {
  it('is committed and up to date', () => {
    assert.ok(readFileSync(schemaFile, 'utf8') === schemaText(), 'run `npm run generate`');
  });

  it('accepts the stack files of the project, which name it', () => {
    for (const stack of ['dev', 'staging', 'prod']) {
      const text = readFileSync(join(root, `Pulumi.${stack}.yaml`), 'utf8');
      assert.equal(text.split('\n')[0], '# yaml-language-server: $schema=./config/settings.schema.json');
      assert.deepEqual(underlined((parse(text) as { config: unknown }).config), [], stack);
    }
  });

  it('accepts every sample', () => {
    for (const { sample, state } of sampleStates()) {
      const { config } = parse(sampleStackFile(sample, state)) as { config: unknown };
      assert.deepEqual(underlined(config), [], `${sample} ${state}`);
    }
  });

  it("accepts Pulumi's other keys in the file", () => {
    assert.equal(validate({ config: { 'kubernetes:context': 'kind-dev' }, encryptionsalt: 'v1:abc' }), true);
  });

  it('accepts encrypted values instead of free strings', () => {
    const password = { secure: 'v1:cipher:text' };
    assert.deepEqual(underlined({ 'meshwright:addons': { grafana: { password } } }), []);
    assert.deepEqual(underlined({ 'meshwright:addons': { grafana: { anonymous: password } } }), [
      '/config/meshwright:addons/grafana/anonymous type',
    ]);
  });

  it('finds a typo in a section, in our keys and in Istio’s', () => {
    assert.deepEqual(underlined({ 'meshwright:rotues': {} }), ['/config additionalProperties']);
    assert.deepEqual(underlined(route({ wieghts: {} })), [`${at} additionalProperties`]);
    assert.deepEqual(underlined(route({ http: [{ match: [{ uri: { exakt: '/' } }] }] })), [
      `${at}/http/0/match/0/uri additionalProperties`,
    ]);
    assert.deepEqual(underlined(route({ trafficPolicy: { loadBalancer: { simple: 'ROUNDROBIN' } } })), [
      `${at}/trafficPolicy/loadBalancer/simple enum`,
    ]);
  });

  it('finds invalid weights', () => {
    for (const weight of [-1, 101, 33.3, '90', 'rset']) {
      const found = underlined(route({ weights: { v1: weight } }));
      assert.ok(found.includes(`${at}/weights/v1 anyOf`), `${weight}: ${found.join()}`);
    }
    assert.deepEqual(underlined(route({ weights: { v1: 'rest', v2: 0, v3: 100 } })), []);
  });

  it('checks verbatim objects of Istio by kind, and accepts all others', () => {
    const entry = (apiVersion: string, kind: string, spec: object) => ({
      'meshwright:objects': [{ apiVersion, kind, metadata: { name: 'a' }, spec }],
    });
    const spec = { hosts: ['a.example.com'], resolutoin: 'DNS' };
    const found = underlined(entry('networking.istio.io/v1', 'ServiceEntry', spec));
    assert.ok(found.includes('/config/meshwright:objects/0/spec additionalProperties'), found.join());
    assert.deepEqual(underlined(entry('example.com/v1', 'ServiceEntry', spec)), []);
  });
});
