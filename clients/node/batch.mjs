// Batches of columns, and how messages become batches: docs/batch-format.md.
import {readBatchMessage} from './messages.mjs';
import {FormatError} from './wire.mjs';

if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) {
  throw new Error('columns are little-endian, and this machine is not');
}

const COLUMN_ALIGNMENT_BYTES = 64;
const ELEMENT_ALIGNMENT_BYTES = BigInt64Array.BYTES_PER_ELEMENT;
const ARRAYS = {1: Uint8Array, 2: Int32Array, 3: BigInt64Array};
const utf8 = new TextDecoder('utf-8');

// Throws unless the column lies within the body, from `endBytes` on.
const checkColumn = ({name, dataType, shape, offsetBytes, sizeBytes}, endBytes, bodySizeBytes) => {
  const what = `column ${JSON.stringify(name)}`;
  if (dataType === 0) throw new FormatError(`${what} has no data type`);
  if (offsetBytes % COLUMN_ALIGNMENT_BYTES !== 0) {
    throw new FormatError(`${what} begins at ${offsetBytes}, which is no multiple of ${COLUMN_ALIGNMENT_BYTES}`);
  }
  if (offsetBytes < endBytes || sizeBytes < 0 || sizeBytes > bodySizeBytes - offsetBytes) {
    throw new FormatError(`${what} has ${sizeBytes} bytes from ${offsetBytes} on; there are those from ${endBytes} to ` +
                          `${bodySizeBytes} for it`);
  }
  if (shape.some((count) => count < 0)) throw new FormatError(`${what} has a dimension below 0`);
  const Array = ARRAYS[dataType];
  if (Array === undefined) return;  // a type of a newer server
  // What is too large for a number is inexact, but then equal to no size that there is.
  const made = shape.reduce((product, count) => product * count, Array.BYTES_PER_ELEMENT);
  if (made !== sizeBytes) throw new FormatError(`${what} has ${sizeBytes} bytes, and its shape [${shape}] makes ${made}`);
};

// A list a post: length, at(i), and the arrays that it is made of.
class Lists {
  constructor(offsets, values) {
    this.offsets = offsets;
    this.values = values;
    this.length = offsets.length - 1;
  }
  // A view, not a copy.
  at(i) {
    return this.values.subarray(this.offsets[i], this.offsets[i + 1]);
  }
  *[Symbol.iterator]() {
    for (let i = 0; i < this.length; ++i) yield this.at(i);
  }
}

// A text a post, empty for none.
class Texts extends Lists {
  at(i) {
    return utf8.decode(super.at(i));
  }
}

// One batch. What it says of itself is on it as properties (epoch, step, token, ...); `ids` and `rows` are
// BigInt64Arrays. Columns are views of the bytes received, and live as long as anybody holds one.
export class Batch {
  #columns = new Map();
  #body;

  // `body` must begin at a multiple of 8 of its ArrayBuffer. Throws FormatError.
  constructor({columns, ...head}, body) {
    Object.assign(this, head);
    this.#body = body;
    let endBytes = 0;
    for (const column of columns) {
      checkColumn(column, endBytes, body.length);
      if (this.#columns.has(column.name)) throw new FormatError(`column ${JSON.stringify(column.name)} is there twice`);
      this.#columns.set(column.name, column);
      endBytes = column.offsetBytes + column.sizeBytes;
    }
    for (const name of ['id', 'row']) {
      const column = this.#columns.get(name);
      if (column?.dataType !== 3 || column.shape.length !== 1) throw new FormatError(`there is no int64 column "${name}" [B]`);
    }
    this.ids = this.column('id');
    this.rows = this.column('row');
    if (this.ids.length !== this.rows.length) {
      throw new FormatError(`there are ${this.ids.length} ids and ${this.rows.length} rows`);
    }
  }

  // The number of posts.
  get length() {
    return this.ids.length;
  }
  // The names of all columns, in the order in which they lie.
  get names() {
    return [...this.#columns.keys()];
  }
  has(name) {
    return this.#columns.has(name);
  }
  #find(name) {
    const column = this.#columns.get(name);
    if (column === undefined) throw new RangeError(`the batch has no column ${JSON.stringify(name)}; was it asked for?`);
    return column;
  }
  shape(name) {
    return [...this.#find(name).shape];
  }
  // All elements in C order: a Uint8Array, Int32Array or BigInt64Array.
  column(name) {
    const {dataType, offsetBytes, sizeBytes} = this.#find(name);
    const Array = ARRAYS[dataType];
    if (Array === undefined) throw new RangeError(`column ${JSON.stringify(name)} has the unknown type ${dataType}`);
    return new Array(this.#body.buffer, this.#body.byteOffset + offsetBytes, sizeBytes / Array.BYTES_PER_ELEMENT);
  }
  // Row i of a column of two dimensions, such as md5 and labels.dense.
  row(name, i) {
    const {shape} = this.#find(name);
    if (shape.length !== 2 || shape[0] !== this.length) throw new RangeError(`column ${name} is no matrix with a row a post`);
    return this.column(name).subarray(i * shape[1], (i + 1) * shape[1]);
  }
  // Whether post i has a value in this field: batch.presence('score')(i).
  presence(field) {
    this.#find(field);
    if (!this.has(`${field}.presence`)) return () => true;
    const bits = this.column(`${field}.presence`);
    if (bits.length !== Math.ceil(this.length / 8) || !(bits instanceof Uint8Array)) {
      throw new FormatError(`column "${field}.presence" has ${bits.length} bytes for ${this.length} posts`);
    }
    return (i) => (bits[i >> 3] >> (i & 7) & 1) === 1;
  }
  // The lists of a field: tags, tag_indexes, pools, favorite_user_ids, labels.
  lists(field) {
    const values = this.column(`${field}.values`);
    return new Lists(this.#offsets(field, values.length), values);
  }
  // The texts of a field: file_ext, source, location, extra_json; or pools.kind, one for each of the pools' values.
  texts(field) {
    const bytes = this.column(`${field}.bytes`);
    return new Texts(this.#offsets(field, bytes.length), bytes);
  }
  #offsets(field, valueCount) {
    const offsets = this.column(`${field}.offsets`);
    const count = field === 'pools.kind' ? this.column('pools.values').length : this.length;
    if (!(offsets instanceof Int32Array) || offsets.length !== count + 1) {
      throw new FormatError(`column "${field}.offsets" is not int32 [${count + 1}]`);
    }
    if (offsets[0] !== 0 || offsets[count] !== valueCount || offsets.some((offset, i) => i > 0 && offset < offsets[i - 1])) {
      throw new FormatError(`column "${field}.offsets" does not go from 0 to ${valueCount} without descending`);
    }
    return offsets;
  }
}

// Memory that begins at the beginning of its ArrayBuffer, which every machine aligns.
export const allocate = (sizeBytes) => Buffer.allocUnsafeSlow(sizeBytes);

// Takes one stream's messages in their order. Throws FormatError for what makes no sense.
export class BatchAssembler {
  #bodyBytesMax;
  #begun = null;

  // A batch with a larger body is refused: that much memory is reserved before its bytes have come.
  constructor({bodyBytesMax = 2 ** 30} = {}) {
    this.#bodyBytesMax = bodyBytesMax;
  }

  // Whether a batch has begun and is not complete: a stream that ends here was broken.
  get isWithinBatch() {
    return this.#begun !== null;
  }

  // The batch that the message completes, or null when more parts must come. The batch keeps the message.
  add(bytes) {
    const {head, body, bodyOffsetBytes} = readBatchMessage(bytes);
    if (head !== null) {
      if (this.#begun !== null) throw new FormatError('a batch begins before the one before it is complete');
      const isWhole = bodyOffsetBytes === 0 && body.length === head.bodySizeBytes;
      if (isWhole && body.byteOffset % ELEMENT_ALIGNMENT_BYTES === 0) return new Batch(head, body);
      if (head.bodySizeBytes < 0 || head.bodySizeBytes > this.#bodyBytesMax) {
        throw new FormatError(`a body of ${head.bodySizeBytes} bytes; the reader's limit is ${this.#bodyBytesMax}`);
      }
      this.#begun = {head, body: allocate(head.bodySizeBytes), received: 0};
    }
    return this.#append(body, bodyOffsetBytes);
  }

  #append(part, offset) {
    const begun = this.#begun;
    if (begun === null) throw new FormatError('a part comes without the first of its batch');
    if (offset !== begun.received) throw new FormatError(`a part begins at ${offset}, and ${begun.received} bytes have come`);
    if (part.length > begun.body.length - begun.received) throw new FormatError('parts go beyond the body');
    if (part.length === 0 && begun.body.length > 0) throw new FormatError('a part brings nothing of the body');
    begun.body.set(part, begun.received);
    begun.received += part.length;
    if (begun.received < begun.body.length) return null;
    this.#begun = null;
    return new Batch(begun.head, begun.body);
  }
}
