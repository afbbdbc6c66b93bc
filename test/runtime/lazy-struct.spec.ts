import assert from 'node:assert/strict';
import { Struct, Value, type JavaScriptValue } from 'google-protobuf/google/protobuf/struct_pb';
import { AnalyzeRequest } from '@pulumi/pulumi/proto/analyzer_pb';
import * as fc from 'fast-check';
import { decodeStructsLazily } from '../../runtime/lazy-struct';

type Fields = Record<string, JavaScriptValue>;

const sample: Fields = {
  text: 'a',
  empty: '',
  number: -1.5,
  zero: 0,
  yes: true,
  no: false,
  nothing: null,
  map: { inner: { '': 1 }, none: {} },
  list: [1, 'b', null, [], [{ c: [true] }]],
};

describe('structs that are decoded when they are read', () => {
  let undo: () => void;
  const bytesOf = (fields: Fields): Uint8Array =>
    new AnalyzeRequest().setUrn('urn').setProperties(Struct.fromJavaScript(fields)).serializeBinary();
  const received = (bytes: Uint8Array): Struct => {
    const struct = AnalyzeRequest.deserializeBinary(bytes).getProperties();
    assert.ok(struct);
    return struct;
  };

  before(() => {
    undo = decodeStructsLazily();
  });
  after(() => undo());

  it('hold what was sent', () => {
    assert.deepEqual(received(bytesOf(sample)).toJavaScript(), sample);
    assert.deepEqual(received(bytesOf({})).toJavaScript(), {});
  });

  it('hold what was sent, whatever it is', () => {
    const fields = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true });
    fc.assert(
      fc.property(fields, (given) => {
        // As the library reads and writes it: __proto__ is no field to it.
        const sent = Struct.fromJavaScript(given).toJavaScript();
        assert.deepEqual(received(bytesOf(sent)).toJavaScript(), sent);
      }),
    );
  });

  it('leave the rest of a message as it is', () => {
    const request = AnalyzeRequest.deserializeBinary(bytesOf(sample));
    assert.equal(request.getUrn(), 'urn');
  });

  it('are sent on as they came', () => {
    const bytes = bytesOf(sample);
    const again = new AnalyzeRequest().setUrn('urn').setProperties(received(bytes)).serializeBinary();
    assert.deepEqual(again, bytes);
  });

  it('show their fields, and what is changed in them', () => {
    const struct = received(bytesOf(sample));
    const [first] = struct.getFieldsMap().get('list')?.getListValue()?.getValuesList() ?? [];
    assert.equal(first?.getNumberValue(), 1);
    struct.getFieldsMap().set('text', new Value().setStringValue('changed'));
    assert.deepEqual(struct.toJavaScript(), { ...sample, text: 'changed' });
    const sent = new AnalyzeRequest().setProperties(struct).serializeBinary();
    assert.deepEqual(received(sent).toJavaScript(), { ...sample, text: 'changed' });
  });

  it('are decoded at once again afterwards', () => {
    undo();
    assert.deepEqual(received(bytesOf(sample)).toJavaScript(), sample);
    undo = decodeStructsLazily();
  });
});
