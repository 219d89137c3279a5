// Protobuf's wire format, as far as Millrace's messages need it: docs/batch-format.md, "The message".

// Bytes that are no message, or no batch.
export class FormatError extends Error {
  name = 'FormatError';
}

const NUMBER_MAX = (1 << 29) - 1;  // of a field
const utf8 = new TextDecoder('utf-8', {fatal: true});

// A varint at `at`: [value, end]. The value is a BigInt of 64 bits, two's complement.
const varint = (bytes, at) => {
  let low = 0, shift = 0;
  // Nearly all fit into 28 bits, where numbers do.
  for (; shift < 28; shift += 7) {
    if (at >= bytes.length) throw new FormatError('a number goes beyond the message');
    const byte = bytes[at++];
    low |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [BigInt(low), at];
  }
  let value = BigInt(low);
  for (; shift < 70; shift += 7) {
    if (at >= bytes.length) throw new FormatError('a number goes beyond the message');
    const byte = bytes[at++];
    value |= BigInt(byte & 0x7f) << BigInt(shift);
    if (byte < 0x80) return [BigInt.asIntN(64, value), at];
  }
  throw new FormatError('a number has more than 10 bytes');
};

// A value as a number; sizes and positions that a number cannot hold are nothing that there could be.
export const toNumber = (value) => {
  if (typeof value !== 'bigint') throw new FormatError('a number was expected');
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new FormatError(`${value} is out of range`);
  return number;
};

export const toBytes = (value) => {
  if (!(value instanceof Uint8Array)) throw new FormatError('bytes were expected');
  return value;
};

export const toText = (value) => {
  try {
    return utf8.decode(toBytes(value));
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError('a text is not UTF-8');
  }
};

// Packed numbers, or a single one.
export const toNumbers = (value) => {
  if (typeof value === 'bigint') return [toNumber(value)];
  const numbers = [];
  for (let at = 0; at < value.length;) {
    const [number, end] = varint(value, at);
    numbers.push(toNumber(number));
    at = end;
  }
  return numbers;
};

// Yields [number, value] for each field: a BigInt for varints, else the bytes where they lie in the message.
export function* fieldsOf(bytes) {
  for (let at = 0; at < bytes.length;) {
    let key, value, size;
    [key, at] = varint(bytes, at);
    const number = key >> 3n, wireType = key & 7n;
    if (key < 0n || number === 0n || number > NUMBER_MAX) throw new FormatError(`there is no field ${number}`);
    if (wireType === 0n) {
      [value, at] = varint(bytes, at);
      yield [Number(number), value];
      continue;
    }
    if (wireType === 1n) size = 8;
    else if (wireType === 5n) size = 4;
    else if (wireType === 2n) {
      [size, at] = varint(bytes, at);
      size = toNumber(size);
    } else throw new FormatError(`field ${number} has the wire type ${wireType}, which does not exist`);
    if (size < 0 || size > bytes.length - at) throw new FormatError(`field ${number} goes beyond its message`);
    yield [Number(number), bytes.subarray(at, at + size)];
    at += size;
  }
}

// Writes a message: fields whose values are 0, empty, undefined or null are left out, as in proto3.
export class MessageWriter {
  #parts = [];

  #varint(value) {
    const bytes = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    this.#parts.push(Buffer.from(bytes));
  }

  number(field, value) {
    if (!value) return this;
    this.#varint(field << 3);
    this.#varint(value);
    return this;
  }

  bytes(field, value) {
    this.#varint((field << 3) | 2);
    this.#varint(value.length);
    this.#parts.push(value);
    return this;
  }

  text(field, value) {
    return value ? this.bytes(field, Buffer.from(value, 'utf8')) : this;
  }

  // A message is there also when it is empty.
  message(field, writer) {
    return writer ? this.bytes(field, writer.finish()) : this;
  }

  finish() {
    return Buffer.concat(this.#parts);
  }
}
