// Which elements of the selection each split holds: docs/plan-specification.md, section 5.
import {deriveKey, hash64, permutation, selectionKey, subkey, wordsOf} from './permutation.mjs';
import {RATINGS} from './metatags.mjs';
import {seedBatches} from './seed_system.mjs';

export const ascending = (numbers) => [...numbers].sort((a, b) => a - b);
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const smallest = (ids) => ids.reduce((a, b) => a < b ? a : b);
const sharesOf = (spec) => spec.splits.map((split) => split.share);

const counts = (total, shares) => {
  const all = BigInt(sum(shares)), n = BigInt(total);
  const count = shares.map((share) => Number(n * BigInt(share) / all));
  const rest = shares.map((share) => n * BigInt(share) % all);
  const byRest = shares.map((_, k) => k).sort((a, b) => rest[a] === rest[b] ? a - b : rest[a] > rest[b] ? -1 : 1);
  for (const k of byRest.slice(0, total - sum(count))) ++count[k];
  for (const [k, share] of shares.entries()) {
    if (share === 0 || count[k] > 0) continue;
    const largest = count.indexOf(Math.max(...count));
    if (count[largest] < 2) break;
    --count[largest];
    ++count[k];
  }
  return count;
};

// Where each split begins among the dealt, and the end of the last.
const startsOf = (total, shares) => counts(total, shares).reduce((start, count) => [...start, start.at(-1) + count], [0]);

// A split's members: how many, and at(x).
const listed = (elements) => ({count: elements.length, at: (x) => elements[x]});

const exact = (spec, snapshot, rows) => {
  const start = startsOf(rows.count, sharesOf(spec));
  const dealt = permutation(rows.count, selectionKey(spec.seed));
  return spec.splits.map((split, k) => {
    const count = start[k + 1] - start[k], at = (x) => dealt(start[k] + x);
    if (split.order === 'epoch' || split.order === 'fixed') return {count, at};
    return listed(Float64Array.from({length: count}, (_, x) => at(x)).sort());
  });
};

const familyRoot = (snapshot, post) => {
  const path = [post.id];
  for (;;) {
    const parent = snapshot.postOf(path.at(-1))?.parent_id;
    if (parent === undefined) return path.at(-1);
    if (path.includes(parent)) return smallest(path.slice(path.indexOf(parent)));
    path.push(parent);
  }
};

// [kind, id]
const unitKey = (snapshot, post, unit) => {
  if (unit === 'parent') return [1, familyRoot(snapshot, post)];
  const artists = post.tags.filter((tag) => tag.category === 'artist').map((tag) => tag.id);
  const ids = unit === 'artist' ? artists : unit === 'pool' ? post.pools : [];
  return ids.length > 0 ? [1, smallest(ids)] : [0, post.id];
};

// Arrays of elements, in the order in which units first occur.
const unitsOf = (spec, snapshot, rows) => {
  const units = new Map();
  for (let element = 0; element < rows.count; ++element) {
    const key = unitKey(snapshot, snapshot.post(rows.at(element)), spec.unit).join();
    if (!units.has(key)) units.set(key, []);
    units.get(key).push(element);
  }
  return [...units.values()];
};

const dealUnits = (units, key, spec, members) => {
  const start = startsOf(sum(units.map((unit) => unit.length)), sharesOf(spec));
  const dealt = permutation(units.length, key);
  let place = 0;
  for (let i = 0; i < units.length; ++i) {
    const unit = units[dealt(i)];
    const k = members.findIndex((_, k) => start[k] <= place && place < start[k + 1]);
    members[k].push(...unit);
    place += unit.length;
  }
};

const exactUnits = (spec, snapshot, rows) => {
  const members = spec.splits.map(() => []);
  dealUnits(unitsOf(spec, snapshot, rows), selectionKey(spec.seed), spec, members);
  return members.map((elements) => listed(ascending(elements)));
};

const hash = (spec, snapshot, rows) => {
  const w = wordsOf(deriveKey('millrace.v1.hash', spec.seed, '', 0), 0);
  const shares = sharesOf(spec);
  const all = BigInt(sum(shares));
  const thresholds = shares.map((_, k) => (BigInt(sum(shares.slice(0, k + 1))) << 64n) / all);
  const members = shares.map(() => []);
  for (let element = 0; element < rows.count; ++element) {
    const unitHash = hash64(w, ...unitKey(snapshot, snapshot.post(rows.at(element)), spec.unit));
    members[thresholds.findIndex((threshold) => unitHash < threshold)].push(element);
  }
  return members.map(listed);
};

const idRange = (spec, snapshot, rows) => {
  const members = spec.splits.map(() => []);
  for (let element = 0; element < rows.count; ++element) {
    const rest = Number(snapshot.post(rows.at(element)).id % BigInt(spec.modulus));
    const k = spec.splits.findIndex(({ranges}) => ranges.some(([first, last]) => first <= rest && rest <= last));
    if (k >= 0) members[k].push(element);
  }
  return members.map(listed);
};

const stratumOf = (snapshot, post, {by, tag: name, category}) => {
  if (by === 'rating') return RATINGS.indexOf(post.rating);
  if (by === 'tag') return post.said.some((said) => snapshot.meaning(name).has(said)) ? 1 : 0;
  const tags = post.tags.filter((tag) => tag.category === category);
  if (tags.length === 0) return 0n;
  const count = (tag) => snapshot.postCount(tag.id);
  const rarest = tags.reduce((a, b) => count(a) < count(b) || (count(a) === count(b) && a.id < b.id) ? a : b);
  return rarest.id + 1n;
};

const stratified = (spec, snapshot, rows) => {
  const {by, tag: name} = spec.stratify;
  if (by === 'tag' && snapshot.meaning(name).size === 0) throw new Error(`stratify.tag: no post has the tag ${name}`);
  const strata = new Map();
  for (const unit of unitsOf(spec, snapshot, rows)) {
    const number = stratumOf(snapshot, snapshot.post(rows.at(unit[0])), spec.stratify);
    if (!strata.has(number)) strata.set(number, []);
    strata.get(number).push(unit);
  }
  const unitsMin = sharesOf(spec).filter((share) => share > 0).length;
  const members = spec.splits.map(() => []);
  const rest = [];
  for (const [number, units] of strata) {
    if (units.length < unitsMin) {
      rest.push(...units);
    } else {
      dealUnits(units, deriveKey('millrace.v1.stratum', spec.seed, '', number), spec, members);
    }
  }
  if (rest.length > 0) {
    rest.sort((a, b) => a[0] - b[0]);
    dealUnits(rest, deriveKey('millrace.v1.strata_rest', spec.seed, '', 0), spec, members);
  }
  return members.map((elements) => listed(ascending(elements)));
};

const partitioned = (spec, snapshot, rows) => {
  const n = rows.count, b = spec.batch_size, shares = sharesOf(spec);
  const key = deriveKey('millrace.v1.partition', spec.seed, '', 0);
  const batches = [];
  for (let i = 0; 2 * b * i < n; ++i) {
    const z = Math.min(2 * b, n - 2 * b * i);
    const drawn = permutation(z, subkey(key, i));
    const elements = Array.from({length: z}, (_, place) => 2 * b * i + drawn(place));
    batches.push(...[elements.slice(0, b), elements.slice(b)].filter((batch) => batch.length > 0));
  }
  const kept = spec.batch_rows === 'ascending' ? batches.map(ascending) : batches;
  const left = n % b > 0 ? kept.pop() : [];
  const members = shares.map(() => []);
  if (kept.length > 0) {
    const start = startsOf(kept.length, shares);
    const dealt = permutation(kept.length, selectionKey(spec.seed));
    for (let k = 0; k < shares.length; ++k) {
      for (let p = start[k]; p < start[k + 1]; ++p) members[k].push(...kept[dealt(p)]);
    }
  }
  members[shares.indexOf(Math.max(...shares))].push(...left);
  return members.map(listed);
};

const half = (spec, snapshot, rows) => {
  const [, validation, test] = sharesOf(spec);
  const splits = seedBatches(rows.count, spec.batch_size, spec.seed, validation, test);
  return splits.map((batches) => listed((spec.batch_rows === 'ascending' ? batches.map(ascending) : batches).flat()));
};

// `spec.seed` is a BigInt; `rows`, the selection, and the members of each split have count and at(number).
export const membersOf = (spec, snapshot, rows) => {
  const strategies = {
    exact: spec.unit === undefined ? exact : exactUnits,
    hash,
    id_range: idRange,
    stratified,
    partitioned: spec.coverage === undefined ? partitioned : half,
  };
  return strategies[spec.strategy](spec, snapshot, rows);
};
