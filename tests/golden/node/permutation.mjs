// Keys, hashes and the permutation of docs/plan-specification.md: sections 3, 4, 5.3 and 6.3.
import {createHash} from 'node:crypto';

export const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

// `number` may be a BigInt.
export const le64 = (number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(number));
  return bytes;
};

export const withLength = (name) => Buffer.concat([Buffer.from([name.length]), Buffer.from(name, 'latin1')]);

export const deriveKey = (label, seed, name, number) =>
    sha256(withLength(label), le64(seed), withLength(name), le64(number));
export const selectionKey = (seed) => deriveKey('millrace.v1.selection', seed, '', 0);
export const epochKey = (seed, split, epoch) => deriveKey('millrace.v1.epoch', seed, split, epoch);
export const subkey = (key, number) => sha256(key, le64(number));

export const wordsOf = (key, size) => {
  const bytes = Buffer.concat([0, 1].map((last) => sha256(key, le64(size), Buffer.from([last]))));
  return Uint32Array.from({length: 16}, (_, i) => bytes.readUInt32LE(4 * i));
};

export const mix = (x, a, b) => {
  let h = Math.imul(x ^ a, 0x85ebca6b);
  h ^= h >>> 15;
  return Math.imul(h + b, 0xc2b2ae35) >>> 0;
};

// The product is below 2^53, so that it and the division are exact.
const reduce = (h, side) => Math.floor(h * side / 2 ** 32);

// `id` and the result are BigInts.
export const hash64 = (w, kind, id) => {
  let a = Number(BigInt.asUintN(32, id));
  let b = (Number(BigInt.asUintN(32, id >> 32n)) ^ Math.imul(kind, 0x9e3779b9)) >>> 0;
  for (let r = 0; r < 6; ++r) {
    let h = mix(r % 2 === 0 ? b : a, w[2 * r], w[2 * r + 1]);
    h ^= h >>> 16;
    if (r % 2 === 0) {
      a = (a ^ h) >>> 0;
    } else {
      b = (b ^ h) >>> 0;
    }
  }
  return BigInt(b) << 32n | BigInt(a);
};

// `total` and the result are BigInts.
export const below = (w, kind, i, total) => hash64(w, kind, BigInt(i)) * total >> 64n;

const shuffledTable = (size, w) => {
  const draw = (counter) => {
    let h = counter;
    for (let k = 0; k < 4; ++k) {
      h = mix(h, w[2 * k], w[2 * k + 1]);
      h = (h ^ h >>> 16) >>> 0;
    }
    return h;
  };
  const table = Array.from({length: size}, (_, i) => i);
  for (let i = size - 1; i > 0; --i) {
    const j = reduce(draw(i), i + 1);
    [table[i], table[j]] = [table[j], table[i]];
  }
  return table;
};

const feistel = (size, w) => {
  const lowBits = Math.floor((size - 1).toString(2).length / 2);
  const lowSize = 2 ** lowBits;
  const highSide = Math.floor((size - 1) / lowSize) + 1;
  const pass = (value) => {
    let high = Math.floor(value / lowSize), low = value % lowSize;
    for (let r = 0; r < 8; r += 2) {
      high = (high + reduce(mix(low, w[2 * r], w[2 * r + 1]), highSide)) % highSide;
      low ^= mix(high, w[2 * r + 2], w[2 * r + 3]) >>> (32 - lowBits);
    }
    return high * lowSize + low;
  };
  return (i) => {
    let value = pass(i);
    while (value >= size) value = pass(value);
    return value;
  };
};

// P(size, key), as a function of the index.
export const permutation = (size, key) => {
  const w = wordsOf(key, size);
  if (size > 1024) return feistel(size, w);
  const table = shuffledTable(size, w);
  return (i) => table[i];
};
