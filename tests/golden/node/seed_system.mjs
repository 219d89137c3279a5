// The seed system's draws and batches: docs/plan-specification.md, section 5.6.

const rotateRight = (x, count) => (x >>> count | x << (32 - count) % 32) >>> 0;

const keyWords = (seed) => {
  let state = seed;
  return Uint32Array.from({length: 8}, () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 11634580027462260723n);
    const word = Number(BigInt.asUintN(32, (state >> 18n ^ state) >> 27n));
    return rotateRight(word, Number(state >> 59n));
  });
};

const QUARTER_ROUNDS = [
  [0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15],  // columns
  [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14],  // diagonals
];

// One after the other, the words of all blocks. Block numbers stay below 2^32 here: that is 2^36 words.
function* stream(seed) {
  const key = keyWords(seed);
  for (let number = 0; number < 2 ** 32; ++number) {
    const start = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, ...key, number, 0, 0, 0);
    const x = start.slice();
    const step = (to, from, other, count) => {
      x[to] += x[from];
      x[other] = rotateRight(x[other] ^ x[to], 32 - count);
    };
    for (let round = 0; round < 4; ++round) {
      for (const [a, b, c, d] of QUARTER_ROUNDS) {
        step(a, b, d, 16);
        step(c, d, b, 12);
        step(a, b, d, 8);
        step(c, d, b, 7);
      }
    }
    yield* x.map((word, i) => word + start[i]);
  }
}

class SeedRandom {
  constructor(seed) {
    this.words = stream(seed);
  }

  next32() {
    return BigInt(this.words.next().value);
  }

  next64() {
    const low = this.next32();
    return this.next32() << 32n | low;
  }

  draw32(bound) {
    return this.draw(bound, 32, () => this.next32());
  }

  draw64(bound) {
    return this.draw(bound, 64, () => this.next64());
  }

  draw(bound, width, next) {
    const accepted = BigInt(bound) << BigInt(width - bound.toString(2).length);
    for (;;) {
      const product = next() * BigInt(bound);
      if (BigInt.asUintN(width, product) < accepted) return Number(product >> BigInt(width));
    }
  }

  shuffle(list) {
    for (let i = list.length - 1; i > 0; --i) {
      const j = this.draw32(i + 1);
      [list[i], list[j]] = [list[j], list[i]];
    }
  }
}

const roundedQuotient = (a, c) => {
  const quotient = a / c, twice = 2n * (a % c);
  return quotient + (twice > c || (twice === c && quotient % 2n === 1n) ? 1n : 0n);
};

const bits = (x) => x === 0n ? 0 : x.toString(2).length;

const rounded24 = (x) => {
  const k = BigInt(Math.max(0, bits(x) - 24));
  return roundedQuotient(x, 1n << k) << k;
};

const share = (q, percent) => {
  const x = rounded24(rounded24(BigInt(q)) * BigInt(percent));
  const s = 24 - bits(x / 100n);
  if (s >= 0) return Number(roundedQuotient(x << BigInt(s), 100n) >> BigInt(s));
  return Number(roundedQuotient(x, 100n << BigInt(-s)) << BigInt(-s));
};

// The batches of train, validation and test, in the order served, their elements in the order drawn.
export const seedBatches = (n, batchSize, seed, validationPercent, testPercent) => {
  const q = Math.floor(n / (2 * batchSize));
  const validation = Math.max(1, share(q, validationPercent)), test = Math.max(1, share(q, testPercent));
  const train = q - validation - test;
  if (train < 1) throw new Error(`${q} batches are too few`);
  const random = new SeedRandom(seed);
  const list = [];
  for (let p = 0; p < q; ++p) {
    const batch = new Set();  // keeps the order in which elements were added
    while (batch.size < batchSize) batch.add(2 * batchSize * p + random.draw64(2 * batchSize));
    list.push([...batch]);
  }
  random.shuffle(list);
  list.reverse();
  return [list.slice(0, train), list.slice(train, train + validation), list.slice(train + validation)];
};
