/** A small reader of protocol buffers, so that tests see the bytes as a collector does. */

/** The values of each field of a message, by number: numbers, or bytes. */
export type Fields = ReadonlyMap<number, readonly (bigint | Buffer)[]>;

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** https://protobuf.dev/programming-guides/encoding/ */
export function readMessage(bytes: Buffer): Fields {
  const fields = new Map<number, (bigint | Buffer)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    at += length;
    if (at > bytes.length) throw new Error("the message is cut off");
    return bytes.subarray(at - length, at);
  };
  const value = (type: number): bigint | Buffer => {
    if (type === VARINT) return varint();
    if (type === FIXED64) return take(8).readBigUInt64LE();
    if (type === BYTES) return take(Number(varint()));
    if (type === FIXED32) return BigInt(take(4).readUInt32LE());
    throw new Error(`unknown wire type ${type}`);
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const number = key >> 3;
    const values = fields.get(number) ?? [];
    values.push(value(key & 7));
    fields.set(number, values);
  }
  return fields;
}

export const messagesIn = (fields: Fields, number: number): Fields[] =>
  bytesIn(fields, number).map((bytes) => readMessage(bytes));
export const bytesIn = (fields: Fields, number: number): Buffer[] =>
  (fields.get(number) ?? []).filter((value) => Buffer.isBuffer(value));
export const textIn = (fields: Fields, number: number): string | undefined =>
  bytesIn(fields, number)[0]?.toString();
export const hexIn = (fields: Fields, number: number): string =>
  bytesIn(fields, number)[0]?.toString("hex") ?? "";
export const numberIn = (fields: Fields, number: number): number =>
  Number((fields.get(number) ?? []).find((value) => typeof value === "bigint") ?? 0);
