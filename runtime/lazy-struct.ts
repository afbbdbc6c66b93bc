import { BinaryReader, type BinaryWriter } from 'google-protobuf';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';

/** Bytes of structs that came over the wire, for as long as nobody has asked for their fields. */
const unread = new WeakMap<Struct, Uint8Array>();

/**
 * Has structs decoded when they are read, straight to values of JavaScript, and sent on as they came. The engine sends all properties of a resource with each question; most of them are not looked at, and the
 * library makes four objects of each value. Holds for the process: for programs that serve the engine.
 * @returns what puts the library's own way back
 */
export function decodeStructsLazily(): () => void {
  const decode = Struct.deserializeBinaryFromReader.bind(Struct);
  const encode = Struct.serializeBinaryToWriter.bind(Struct);
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on a struct below
  const { getFieldsMap, toJavaScript } = Struct.prototype;
  Struct.deserializeBinaryFromReader = (struct: Struct, reader: BinaryReader): Struct => {
    const start = reader.getCursor();
    while (reader.nextField()) reader.skipField();
    unread.set(struct, reader.getBuffer().subarray(start, reader.getCursor()));
    return struct;
  };
  Struct.serializeBinaryToWriter = (struct: Struct, writer: BinaryWriter): void => {
    const bytes = unread.get(struct);
    if (bytes === undefined) encode(struct, writer);
    else writer.writeSerializedMessage(bytes, 0, bytes.length);
  };
  Struct.prototype.toJavaScript = function (this: Struct) {
    const bytes = unread.get(this);
    return bytes === undefined ? toJavaScript.call(this) : structFrom(new BinaryReader(bytes));
  };
  Struct.prototype.getFieldsMap = function (this: Struct) {
    const bytes = unread.get(this);
    unread.delete(this);
    if (bytes !== undefined) decode(this, new BinaryReader(bytes));
    return getFieldsMap.call(this);
  };
  return () => {
    Object.assign(Struct, { deserializeBinaryFromReader: decode, serializeBinaryToWriter: encode });
    Object.assign(Struct.prototype, { getFieldsMap, toJavaScript });
  };
}

type Json = null | number | string | boolean | Json[] | { [key: string]: Json };

/** google.protobuf.Struct: entries of a map in field 1. */
function structFrom(reader: BinaryReader): { [key: string]: Json } {
  const entries: [string, Json][] = [];
  while (reader.nextField()) entries.push(inner(reader, entryFrom));
  return Object.fromEntries(entries);
}

/** Key in field 1, value in field 2. */
function entryFrom(reader: BinaryReader): [string, Json] {
  const entry: [string, Json] = ['', null];
  while (reader.nextField()) {
    if (reader.getFieldNumber() === 1) entry[0] = reader.readString();
    else entry[1] = inner(reader, valueFrom);
  }
  return entry;
}

/** google.protobuf.Value: the number of its field is its type. */
function valueFrom(reader: BinaryReader): Json {
  let value: Json = null;
  while (reader.nextField()) {
    switch (reader.getFieldNumber()) {
      case 2:
        value = reader.readDouble();
        break;
      case 3:
        value = reader.readString();
        break;
      case 4:
        value = reader.readBool();
        break;
      case 5:
        value = inner(reader, structFrom);
        break;
      case 6:
        value = inner(reader, listFrom);
        break;
      default:
        reader.skipField();
        value = null;
    }
  }
  return value;
}

/** google.protobuf.ListValue: values in field 1. */
function listFrom(reader: BinaryReader): Json[] {
  const items: Json[] = [];
  while (reader.nextField()) items.push(inner(reader, valueFrom));
  return items;
}

/** Reads a message inside another one. */
function inner<T>(reader: BinaryReader, read: (reader: BinaryReader) => T): T {
  let made: T | undefined;
  reader.readMessage({}, (_, within: BinaryReader) => {
    made = read(within);
  });
  return made as T;
}
