// The posts of a golden vector: docs/plan-specification.md, section 9. Ids and numbers of posts are BigInts.
import {mix} from './permutation.mjs';
import {Relations} from './relations.mjs';

const big = (value) => value === undefined ? undefined : BigInt(value);

const TEXTS = ['md5', 'file_ext', 'source'];
const NUMBERS = ['favorite_count', 'file_size_bytes', 'duration_us', 'created_at_us', 'pixiv_id', 'uploader_id', 'approver_id'];

const listedPosts = (golden) => {
  const tags = new Map(golden.tags.map(([id, name, category]) => [BigInt(id), {id: BigInt(id), name, category}]));
  return golden.posts.map((entry) => ({
    id: BigInt(entry.id),
    parent_id: big(entry.parent_id),
    rating: entry.rating ?? 'unspecified',
    score: big(entry.score),
    width: big(entry.width),
    height: big(entry.height),
    pools: (entry.pools ?? []).map(BigInt),
    pool_kinds: entry.pool_kinds ?? [],
    flags: entry.flags ?? {},
    ...Object.fromEntries(TEXTS.map((key) => [key, entry[key]])),
    ...Object.fromEntries(NUMBERS.map((key) => [key, big(entry[key])])),
    tags: (entry.tags ?? []).map((id) => tags.get(BigInt(id))),
  }));
};

const GENERAL = Array.from({length: 17}, (_, k) => ({id: BigInt(1 + k), name: `general_${k}`, category: 'general'}));
const ARTISTS = Array.from({length: 500}, (_, k) => ({id: BigInt(100 + k), name: `artist_${k}`, category: 'artist'}));

const computedPost = (row) => {
  let h = mix(row, 0x9e3779b9, 0x7f4a7c15);
  h = (h ^ h >>> 16) >>> 0;
  const at = (shift, count) => (h >>> shift) % count;
  const rarity = 31 - Math.clz32((h | 1 << 16) & -(h | 1 << 16));
  return {
    id: BigInt(3 * row + 1),
    parent_id: row % 4 >= 2 ? BigInt(3 * (row - 1 - h % 2) + 1) : undefined,
    rating: ['general', 'sensitive', 'questionable', 'explicit'][at(8, 4)],
    score: BigInt(at(10, 200) - 50),
    width: BigInt(512 + 64 * at(18, 16)),
    height: BigInt(512 + 64 * at(22, 16)),
    pools: h % 10 === 0 ? [BigInt(at(12, 1000) + 1)] : [],
    pool_kinds: [],
    flags: {},
    tags: [GENERAL[rarity], ...h % 3 > 0 ? [ARTISTS[at(20, 500)]] : []],
  };
};

export class Snapshot {
  constructor(golden, isApplied = false) {
    this.golden = golden;
    this.isApplied = isApplied;
    this.relations = new Relations(golden.aliases, golden.implications);
    this.size = golden.posts?.length ?? golden.computed_posts ?? golden.selection_size;
    if (golden.posts !== undefined) {
      const posts = listedPosts(golden);
      this.saidPost = (row) => posts[row];
    } else if (golden.computed_posts !== undefined) {
      this.saidPost = computedPost;
    }
  }

  // The same snapshot, read with aliases and implications applied.
  applied() {
    return new Snapshot(this.golden, true);
  }

  // With its tags by the reading, and with the names that it said as `said`.
  post(row) {
    const post = this.saidPost(row), said = post.tags.map(({name}) => name);
    return {...post, said, tags: this.isApplied ? this.said.apply(post.tags) : post.tags};
  }

  // What is only found out when it is asked for, here and below: what posts said.
  get said() {
    const tags = new Map();
    for (let row = 0; row < this.size; ++row) for (const tag of this.saidPost(row).tags) tags.set(tag.id, tag);
    const listed = [...tags.values()], names = new Set(listed.map(({name}) => name));
    return this.keep('said', {
      names,
      listed,
      apply: this.relations.applier(listed),
      meaning: this.relations.meanings(names, this.isApplied),
    });
  }

  // Tags and their posts by the reading, and rows by id.
  get index() {
    const postCounts = new Map(), byId = new Map(), parentIds = new Set();
    let newest;
    for (let row = 0; row < this.size; ++row) {
      const post = this.post(row);
      byId.set(post.id, post);
      if (post.parent_id !== undefined) parentIds.add(post.parent_id);
      if (newest === undefined || post.created_at_us > newest) newest = post.created_at_us;
      for (const {id} of post.tags) postCounts.set(id, (postCounts.get(id) ?? 0) + 1);
    }
    return this.keep('index', {postCounts, byId, parentIds, newest});
  }

  keep(name, value) {
    Object.defineProperty(this, name, {value});
    return value;
  }

  // Those that posts said.
  get tagNames() {
    return this.said.names;
  }

  // Those, and what relations speak of.
  get knownNames() {
    return [...this.tagNames, ...this.relations.names];
  }

  // A post has the tag of that name by having said one of these.
  meaning(name) {
    return this.said.meaning(name);
  }

  // The tags that posts said and that are one with the name by aliases; none where tags are read as said.
  aliasClass(name) {
    if (!this.isApplied) return [];
    const resolved = this.relations.resolve(name);
    return this.said.listed.filter((tag) => this.relations.resolve(tag.name) === resolved);
  }

  // Of posts that are there or not.
  get parentIds() {
    return this.index.parentIds;
  }

  // The newest post's created_at_us.
  get newest() {
    return this.index.newest;
  }

  some(test) {
    for (let row = 0; row < this.size; ++row) if (test(this.post(row))) return true;
    return false;
  }

  postCount(tagId) {
    return this.index.postCounts.get(tagId);
  }

  // [id, number of posts] of the tags that posts have, most posts first, then by id: the order of a vocabulary.
  tagCounts() {
    return [...this.index.postCounts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  }

  postOf(id) {
    return this.index.byId.get(id);
  }
}
