// Batches of columns made by hand, right ones that a test can then spoil.
import {MessageWriter} from '../../../clients/node/wire.mjs';

const DATA_TYPES = new Map([[Uint8Array, 1], [Int32Array, 2], [BigInt64Array, 3]]);

const writeColumn = ({name, dataType, shape, offsetBytes, sizeBytes}) => {
  const writer = new MessageWriter().text(1, name).number(2, dataType);
  // A packed number is what stands behind the key of a single one; the writer leaves out a 0.
  const numbers = shape.map((count) => count === 0 ? Buffer.of(0) : new MessageWriter().number(1, count).finish().subarray(1));
  writer.bytes(3, Buffer.concat(numbers));
  return writer.number(4, offsetBytes).number(5, sizeBytes);
};

export const writeMessage = ({columns, bodySizeBytes = 0, ...head} = {}, body = null, bodyOffsetBytes = 0) => {
  const writer = new MessageWriter();
  if (columns) {
    const batch = new MessageWriter().text(1, head.planId).number(5, head.step).text(15, head.token);
    for (const column of columns) batch.message(17, writeColumn(column));
    writer.message(1, batch.number(18, bodySizeBytes));
  }
  writer.number(4, bodyOffsetBytes);
  if (body === null) return writer.finish();
  const bodySize = new MessageWriter().bytes(3, body).finish().length - body.length;
  const front = writer.finish().length + 2 + bodySize;
  return writer.bytes(2, Buffer.alloc((64 - front % 64) % 64)).bytes(3, body).finish();
};

// `columns` is {name: typed array} or {name: [typed array, shape]}.
export const makeBatch = (columns, head = {}) => {
  const described = [], parts = [];
  let end = 0;
  for (const [name, value] of Object.entries(columns)) {
    const [array, shape] = Array.isArray(value) ? value : [value, [value.length]];
    const offsetBytes = Math.ceil(end / 64) * 64;
    parts.push(Buffer.alloc(offsetBytes - end), Buffer.from(array.buffer, array.byteOffset, array.byteLength));
    described.push({name, dataType: DATA_TYPES.get(array.constructor), shape, offsetBytes, sizeBytes: array.byteLength});
    end = offsetBytes + array.byteLength;
  }
  return {head: {...head, columns: described, bodySizeBytes: end}, body: Buffer.concat(parts)};
};

export const threePosts = () => makeBatch({
  'id': BigInt64Array.of(11n, 12n, 1n << 60n),
  'row': BigInt64Array.of(5n, 6n, 7n),
  'md5': [Uint8Array.from({length: 48}, (_, i) => i), [3, 16]],
  'source.offsets': Int32Array.of(0, 5, 5, 8),
  'source.bytes': Uint8Array.from(Buffer.from('http:abc')),
  'tags.offsets': Int32Array.of(0, 2, 2, 3),
  'tags.values': BigInt64Array.of(1n, 9n, 4n),
  'pools.offsets': Int32Array.of(0, 0, 2, 2),
  'pools.values': BigInt64Array.of(70n, 71n),
  'pools.kind.offsets': Int32Array.of(0, 6, 6),
  'pools.kind.bytes': Uint8Array.from(Buffer.from('series')),
  'score': Int32Array.of(-3, 0, 4),
  'score.presence': Uint8Array.of(0b101),
}, {planId: 'plan', step: 7, token: 'token'});
