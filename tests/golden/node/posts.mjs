// The posts of a golden vector: docs/plan-specification.md, section 9. Ids and numbers of posts are BigInts.
import {mix} from './permutation.mjs';

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
  constructor(golden) {
    if (golden.posts !== undefined) {
      const posts = listedPosts(golden);
      this.size = posts.length;
      this.post = (row) => posts[row];
    } else {
      this.size = golden.computed_posts ?? golden.selection_size;
      this.post = golden.computed_posts === undefined ? undefined : computedPost;
    }
  }

  // What is only found out when it is asked for: tags and their posts, and rows by id.
  get index() {
    const tagNames = new Set(), postCounts = new Map(), byId = new Map(), parentIds = new Set();
    let newest;
    for (let row = 0; row < this.size; ++row) {
      const post = this.post(row);
      byId.set(post.id, post);
      if (post.parent_id !== undefined) parentIds.add(post.parent_id);
      if (newest === undefined || post.created_at_us > newest) newest = post.created_at_us;
      for (const {id, name} of post.tags) {
        tagNames.add(name);
        postCounts.set(id, (postCounts.get(id) ?? 0) + 1);
      }
    }
    const index = {tagNames, postCounts, byId, parentIds, newest};
    Object.defineProperty(this, 'index', {value: index});
    return index;
  }

  get tagNames() {
    return this.index.tagNames;
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

  postOf(id) {
    return this.index.byId.get(id);
  }
}
