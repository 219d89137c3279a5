// Which member is sample i of an epoch: docs/plan-specification.md, section 6. Every order is {sampleCount, epoch},
// where epoch(e) gives the specification's function x.
import {below, deriveKey, epochKey, permutation, subkey, wordsOf} from './permutation.mjs';
import {parseQuery} from './query.mjs';

// Permutations of an epoch, made once each.
const kept = (make) => {
  const made = new Map();
  return (number) => {
    if (!made.has(number)) made.set(number, make(number));
    return made.get(number);
  };
};

const permuted = (spec, {name, order}, m) => ({
  sampleCount: m,
  epoch: (e) => m === 0 ? null : permutation(m, epochKey(spec.seed, name, order === 'fixed' ? 0 : e)),
});

const permutedBatches = (spec, {name, order}, m) => ({
  sampleCount: m,
  epoch: (e) => {
    const b = spec.batch_size, whole = Math.floor(m / b);
    if (whole === 0) return (i) => i;
    const dealt = permutation(whole, epochKey(spec.seed, name, order === 'fixed' ? 0 : e));
    return (i) => i < whole * b ? dealt(Math.floor(i / b)) * b + i % b : i;
  },
});

const block = (spec, {name, block_rows: rows, window_blocks: windowBlocks}, m) => ({
  sampleCount: m,
  epoch: (e) => {
    const key = deriveKey('millrace.v1.blocks', spec.seed, name, e);
    const count = Math.ceil(m / rows), dealt = permutation(count, key);
    const first = (number) => number * rows;
    const size = (number) => Math.min(rows, m - first(number));
    const windows = [];  // {start, size, blocks}
    for (let y = 0, start = 0; y < count; y += windowBlocks) {
      const blocks = Array.from({length: Math.min(windowBlocks, count - y)}, (_, j) => dealt(y + j));
      const window = {start, size: blocks.reduce((all, number) => all + size(number), 0), blocks};
      windows.push(window);
      start += window.size;
    }
    const order = kept((v) => permutation(windows[v].size, subkey(key, v)));
    return (i) => {
      const v = windows.findIndex((window) => i < window.start + window.size);
      let place = order(v)(i - windows[v].start);
      for (const number of windows[v].blocks) {
        if (place < size(number)) return first(number) + place;
        place -= size(number);
      }
      throw new Error('a window holds its places');
    };
  },
});

const isqrt = (n) => {
  if (n < 2n) return n;
  let root = 1n << BigInt(Math.ceil(n.toString(2).length / 2));  // not less than the root; Newton's steps go down
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
};

// A function from a post to its weight, a BigInt.
const weigher = (weights, snapshot) => {
  if (weights.by === 'queries') {
    const listed = weights.queries.map(({query, weight}) => ({matches: parseQuery(query, snapshot), weight}));
    return (post) => BigInt(listed.find(({matches}) => matches(post))?.weight ?? weights.otherwise ?? 0);
  }
  return (post) => {
    const tags = post.tags.filter((tag) => weights.category === undefined || tag.category === weights.category);
    const f = Math.min(snapshot.size, ...tags.map((tag) => snapshot.postCount(tag.id)));
    const r = (BigInt(snapshot.size) << 16n) / BigInt(f);
    const r2 = isqrt(r << 16n), r1 = isqrt(r2 << 16n);
    const power = [r1, r2, r1 * r2 >> 16n, r][weights.power_quarters - 1], cap = BigInt(weights.cap) << 16n;
    return power < cap ? power : cap;
  };
};

// {number, weight, members} by descending weight.
const classesOf = (weights) => {
  const byWeight = new Map();
  for (const [member, weight] of weights.entries()) {
    if (weight === 0n) continue;
    if (!byWeight.has(weight)) byWeight.set(weight, []);
    byWeight.get(weight).push(member);
  }
  const descending = [...byWeight].sort(([a], [b]) => a > b ? -1 : 1);
  return descending.map(([weight, members], number) => ({number, weight, members}));
};

const find = (g, classes) => {
  for (const found of classes) {
    const all = BigInt(found.members.length) * found.weight;
    if (g < all) return {found, rank: Number(g / found.weight)};
    g -= all;
  }
  throw new Error('a draw is below the sum of the weights');
};

const weighted = (spec, {name}, m, postOfMember, snapshot) => {
  if (m === 0) return {sampleCount: 0};
  const weigh = weigher(spec.weights, snapshot);
  const classes = classesOf(Array.from({length: m}, (_, x) => weigh(postOfMember(x))));
  const total = classes.reduce((all, {weight, members}) => all + weight * BigInt(members.length), 0n);
  if (total === 0n || total >= 2n ** 63n) throw new Error(`${name}: weights come to ${total}`);
  const drawable = classes.reduce((all, {members}) => all + members.length, 0);
  const {replacement} = spec.weights;
  const sampleCount = spec.weights.epoch_samples ?? (replacement ? m : drawable);
  if (!replacement && sampleCount > drawable) throw new Error(`${name}: more samples than posts to draw from`);

  const withReplacement = (w) => (i) => {
    const {found, rank} = find(below(w, 0, i, total), classes);
    return found.members[rank];
  };
  const withoutReplacement = (w, key, e) => {
    let drawn = sampleCount, left = total, certain = 0;
    while (drawn > 0 && BigInt(drawn) * classes[certain].weight >= left) {
      const {weight, members} = classes[certain++];
      drawn -= members.length;
      left -= BigInt(members.length) * weight;
    }
    const first = classes.slice(0, certain).flatMap(({members}) => members), others = classes.slice(certain);
    const offset = below(w, 1, 0, left);
    const order = permutation(sampleCount, epochKey(spec.seed, name, e));
    const within = kept((number) => permutation(classes[number].members.length, subkey(key, number)));
    return (i) => {
      const slot = order(i);
      if (slot < first.length) return first[slot];
      const {found, rank} = find((BigInt(slot - first.length) * left + offset) / BigInt(drawn), others);
      return found.members[within(found.number)(rank)];
    };
  };
  return {
    sampleCount,
    epoch: (e) => {
      const key = deriveKey('millrace.v1.weighted', spec.seed, name, e), w = wordsOf(key, 0);
      return replacement ? withReplacement(w) : withoutReplacement(w, key, e);
    },
  };
};

const gcd = (a, b) => b === 0 ? a : gcd(b, a % b);

const mixed = (spec, {name}, m, postOfMember, snapshot) => {
  if (m === 0) return {sampleCount: 0};
  const {parts, epoch_samples: epochSamples} = spec.mix;
  const divisor = parts.map(({share}) => share).reduce(gcd);
  const cards = parts.map(({share}) => share / divisor);
  const queries = parts.map(({query}) => parseQuery(query, snapshot));
  const members = parts.map(() => []);
  for (let x = 0; x < m; ++x) {
    const post = postOfMember(x), part = queries.findIndex((matches) => matches(post));
    if (part >= 0) members[part].push(x);
  }
  if (members.some((of) => of.length === 0)) throw new Error(`${name}: a part of the mix has no members`);
  return {
    sampleCount: epochSamples ?? members.reduce((all, of) => all + of.length, 0),
    epoch: (e) => {
      const key = deriveKey('millrace.v1.mix', spec.seed, name, e);
      const byCard = cards.flatMap((count, part) => Array(count).fill(part));
      const dealt = permutation(byCard.length, key);
      const deck = byCard.map((_, y) => byCard[dealt(y)]);
      const seen = parts.map(() => 0);
      const before = deck.map((part) => seen[part]++);
      const orders = members.map((of, part) =>
          kept((round) => permutation(of.length, subkey(subkey(key, part), round))));
      return (i) => {
        const place = i % deck.length, part = deck[place], z = members[part].length;
        const t = Math.floor(i / deck.length) * cards[part] + before[place];
        return members[part][orders[part](Math.floor(t / z))(t % z)];
      };
    },
  };
};

// The order of a split of m members; postOfMember(x) is the post of member x.
export const orderOf = (spec, split, m, postOfMember, snapshot) => {
  const orders = {
    epoch: spec.strategy === 'partitioned' ? permutedBatches : permuted,
    fixed: spec.strategy === 'partitioned' ? permutedBatches : permuted,
    sequential: () => ({sampleCount: m, epoch: () => (i) => i}),
    block,
    weighted,
    mixed,
  };
  return orders[split.order](spec, split, m, postOfMember, snapshot);
};
