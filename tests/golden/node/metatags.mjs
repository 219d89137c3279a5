// What metatags ask for: docs/query-language.md. Ids and numbers of posts are BigInts, absent ones undefined.
import {globTest} from './glob.mjs';

export const RATINGS = ['unspecified', 'general', 'sensitive', 'questionable', 'explicit', 'safe'];
export const ORIGINALS = new Set(['rating', 'id', 'score', 'width', 'height']);

const MIN = -(2n ** 63n), MAX = 2n ** 63n - 1n;
const DAY_US = 86_400_000_000n;
const UNIT_SECONDS = {s: 1n, mi: 60n, h: 3600n, d: 86_400n, w: 604_800n, mo: 2_592_000n, y: 31_536_000n};
const COUNTS = {
  tagcount: undefined, gentags: 'general', arttags: 'artist', copytags: 'copyright', chartags: 'character',
  metatags: 'meta', spectags: 'species', invtags: 'invalid', lortags: 'lore', conttags: 'contributor',
};
const NOUNS = ['child', 'parent', 'pool', 'source', 'pixiv', 'md5', 'score', 'favcount', 'duration', 'date', 'filesize',
  'filetype', 'user', 'approver'];

const least = (a, b) => a < b ? a : b;
const refuse = (what) => {
  throw new Error(what);
};
export const lower = (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
const fileType = (text) => lower(text) === 'jpeg' ? 'jpg' : lower(text);

// Values: the span of numbers that a text stands for at the ends of ranges, and the one it means alone.
const checked = (span, alone = span) =>
    [...span, ...alone].every((end) => end >= MIN && end <= MAX) ? {span, alone} : undefined;
const exactly = (number) => number === undefined ? undefined : checked([number, number]);
const about = (number) => number === undefined || number > MAX ? undefined :
    {span: [number, number], alone: [(95n * number + 99n) / 100n, least(105n * number / 100n, MAX)]};
const decimal = (text, factor, decimalsMax = 6) => {
  const found = text.match(/^([0-9]{1,18})(?:\.([0-9]+))?$/);
  if (!found || (found[2] ?? '').length > decimalsMax) return undefined;
  return BigInt(found[1] + (found[2] ?? '')) * factor / 10n ** BigInt((found[2] ?? '').length);
};
const ratioOf = (width, height) => (200n * width + height) / (2n * height);

const whole = (text) => /^-?[0-9]+$/.test(text) ? exactly(BigInt(text)) : undefined;
const millions = (text) => about(decimal(text, 1_000_000n));
const size = (text) => {
  const [, digits, unit] = text.match(/^([0-9.]+)([kmg])?b?$/i) ?? [];
  if (digits === undefined) return undefined;
  if (unit === undefined) return whole(digits);
  return about(decimal(digits, 1024n ** BigInt('kmg'.indexOf(unit.toLowerCase()) + 1)));
};
const ratio = (text) => {
  const [, width, height] = text.match(/^([0-9]{1,9})[:/]([0-9]{1,9})$/) ?? [];
  if (width === undefined) return exactly(decimal(text, 100n, 2));
  return BigInt(height) === 0n ? undefined : exactly(ratioOf(BigInt(width), BigInt(height)));
};
const daysBefore = (year, month, day) => {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return BigInt(date.getTime() / 86_400_000);
};
const date = (text) => {
  const found = text.match(/^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?$/);
  if (!found) return undefined;
  const [year, month, day] = found.slice(1).map((part) => part === undefined ? undefined : Number(part));
  const lastDay = new Date(Date.UTC(2000 + year % 400, month ?? 1, 0)).getUTCDate();  // the calendar repeats itself
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > lastDay) return undefined;
  const first = daysBefore(year, month ?? 1, day ?? 1);
  const end = day !== undefined ? first + 1n : month !== undefined ? daysBefore(year, month + 1, 1) :
      daysBefore(year + 1, 1, 1);
  return checked([first * DAY_US, end * DAY_US - 1n]);
};
const age = (text) => {
  const [, count, letters, name] =
      text.match(/^([0-9]+)(?:(s|mi|h|d|w|mo|y)|(second|minute|hour|day|week|month|year)s?)$/) ?? [];
  if (count === undefined) return undefined;
  const unit = letters ?? name.slice(0, name[0] === 'm' ? 2 : 1);
  const unitUs = UNIT_SECONDS[unit] * 1_000_000n, first = BigInt(count) * unitUs;
  return checked([first, first], [first, first + unitUs - 1n]);
};

const interval = (text, parse) => {
  const value = (part) => parse(part) ?? refuse(`${text} has no value that fits`);
  let low = MIN, high = MAX, found;
  if ((found = text.match(/^(.*?)\.\.(\.?)(.*)$/s))) {
    const [, first, withoutEnd, last] = found;
    if (last === '' && (withoutEnd || first === '')) refuse(`${text} is no range`);
    if (first !== '') low = value(first).span[0];
    if (last !== '') high = withoutEnd ? value(last).span[0] - 1n : value(last).span[1];
  } else {
    const [, sign, rest] = text.match(/^(>=|<=|>|<|)(.*)$/s);
    const {span, alone} = value(rest);
    if (sign === '') [low, high] = alone;
    if (sign[0] === '>') low = sign === '>' ? span[1] + 1n : span[0];
    if (sign[0] === '<') high = sign === '<' ? span[0] - 1n : span[1];
  }
  if (low > high || low < MIN || high > MAX) refuse(`${text} holds no number`);
  return {low, high};
};
const ranges = (text, parse) => {
  const intervals = text.split(',').map((part) => interval(part, parse));
  return (number) => number !== undefined && intervals.some(({low, high}) => low <= number && number <= high);
};

const sides = (of) => ({width, height}) => width > 0n && height > 0n ? of(width, height) : undefined;
const field = (name, parse = whole) => ({parse, of: (post) => post[name]});
const NUMBERS = {
  id: field('id'), score: field('score'), width: field('width'), height: field('height'),
  favcount: field('favorite_count'), filesize: field('file_size_bytes', size), duration: field('duration_us', millions),
  date: field('created_at_us', date), pixiv: field('pixiv_id'), pixiv_id: field('pixiv_id'), parent: field('parent_id'),
  user: field('uploader_id'), approver: field('approver_id'),
  mpixels: {parse: millions, of: sides((width, height) => width * height)},
  ratio: {parse: ratio, of: sides(ratioOf)},
  ...Object.fromEntries(Object.entries(COUNTS).map(([name, category]) => [name, {
    parse: whole,
    of: ({tags}) => BigInt(tags.filter((tag) => category === undefined || tag.category === category).length),
  }])),
};

// Whether a post has a value of the metatag.
const presence = (name, snapshot) => {
  if (name in COUNTS) return (post) => NUMBERS[name].of(post) !== 0n;
  if (name in NUMBERS) return (post) => NUMBERS[name].of(post) !== undefined;
  if (name === 'child') return (post) => snapshot.parentIds.has(post.id);
  if (name === 'pool') return (post) => post.pools.length > 0;
  if (name === 'rating') return (post) => post.rating !== 'unspecified';
  const key = {age: 'created_at_us', filetype: 'file_ext', ext: 'file_ext', type: 'file_ext'}[name] ?? name;
  return (post) => post[key] !== undefined;
};
const checkTold = (snapshot, test) => snapshot.some(test) || refuse('no post of the snapshot has what is asked for');

const listed = (text, isOne = () => true) => {
  const words = text.split(',');
  return words.every((word) => word !== '' && isOne(word)) ? words : refuse(`${text} is no list of values`);
};
const ratings = (words) => {
  const wanted = words.map((word) => RATINGS.filter((rating) =>
    word === rating || (['g', 's', 'q', 'e'].includes(word) && rating[0] === word)));
  if (wanted.some((named) => named.length === 0)) refuse(`${words} are no ratings`);
  return () => (post) => wanted.flat().includes(post.rating);
};
const STATUSES = {
  pending: ({pending}) => pending, flagged: ({flagged}) => flagged, deleted: ({deleted}) => deleted,
  banned: ({banned}) => banned, modqueue: ({pending, flagged}) => pending || flagged,
  active: ({pending, flagged, deleted}) => !(pending || flagged || deleted), any: () => true, all: () => true,
};
const status = (words) => (snapshot) => {
  if (!words.includes('any') && !words.includes('all')) checkTold(snapshot, (post) => Object.keys(post.flags).length > 0);
  return (post) => words.some((word) => STATUSES[word](post.flags) === true);
};
const has = (name, wanted = true) => (snapshot) => {
  const test = presence(name, snapshot);
  return (post) => test(post) === wanted;
};
const number = (name, isOne) => (snapshot) => {
  const told = name === 'ratio' || name === 'mpixels' ? ['width', 'height'] : ORIGINALS.has(name) || name in COUNTS ? [] : [name];
  told.forEach((each) => checkTold(snapshot, presence(each, snapshot)));
  return (post) => isOne(NUMBERS[name].of(post));
};
const words = (wanted, of, normal) => (snapshot) => {
  for (const word of wanted) checkTold(snapshot, (post) => of(post).map(normal).includes(normal(word)));
  const normals = wanted.map(normal);
  return (post) => of(post).some((word) => normals.includes(normal(word)));
};

// By name: (value, whether it stood in quotation marks) to a function of the snapshot that gives one of a post.
const OTHERS = {
  rating: (value) => ratings(listed(value)),
  age: (value) => {
    const isOne = ranges(value, age);
    return (snapshot) => {
      const newest = snapshot.newest ?? refuse('no post of the snapshot has a date');
      return ({created_at_us: created}) => created !== undefined && isOne(newest - created);
    };
  },
  md5: (value) => {
    const sums = listed(lower(value), (word) => /^[0-9a-f]{32}$/.test(word));
    return (snapshot) => checkTold(snapshot, (post) => post.md5 !== undefined) && ((post) => sums.includes(post.md5));
  },
  source: (value, isQuoted) => {
    if (value === '') refuse('no text');
    const isLiteral = !isQuoted && !value.includes('*');
    const matches = globTest(`${lower(isLiteral ? value.replaceAll('\\', '\\\\') : value)}*`);
    return (snapshot) => checkTold(snapshot, (post) => post.source !== undefined) &&
        ((post) => post.source !== undefined && matches(lower(post.source)));
  },
  child: (value) => {
    const isOne = ranges(value, whole);
    return (snapshot) => {
      checkTold(snapshot, (post) => post.parent_id !== undefined);
      const parents = new Set();
      snapshot.some((post) => (isOne(post.id) && parents.add(post.parent_id), false));
      return (post) => parents.has(post.id);
    };
  },
  pool: (value) => {
    if (/^[A-Za-z_,]+$/.test(value)) return words(listed(value), (post) => post.pool_kinds, lower);
    const isOne = ranges(value, whole);
    return (snapshot) => checkTold(snapshot, (post) => post.pools.length > 0) && ((post) => post.pools.some(isOne));
  },
  status: (value) => status(listed(value, (word) => word in STATUSES)),
  is: (word) => {
    if (word === 'parent' || word === 'child') return has(word === 'parent' ? 'child' : 'parent');
    if (word === 'sfw') return ratings(['general', 'sensitive', 'safe']);
    if (word === 'nsfw') return ratings(['questionable', 'explicit']);
    if (RATINGS.includes(word)) return ratings([word]);
    return word in STATUSES && word !== 'any' && word !== 'all' ? status([word]) : refuse(`${word} is nothing to be`);
  },
  has: (word) => {
    const noun = {children: 'child', pools: 'pool'}[word] ?? word;
    return NOUNS.includes(noun) ? has(noun) : refuse(`${word} is nothing to have`);
  },
};
for (const name of ['filetype', 'ext', 'type']) {
  OTHERS[name] = (value) => words(listed(value), (post) => post.file_ext === undefined ? [] : [post.file_ext], fileType);
}

export const isMetatag = (name) => Object.hasOwn(NUMBERS, name) || Object.hasOwn(OTHERS, name);

// `text` is what stands behind the colon.
export const metatagMeaning = (name, text) => {
  if ((text === 'any' || text === 'none') && !['status', 'is', 'has'].includes(name)) {
    return has(name, text === 'any');
  }
  const isQuoted = text.startsWith('"'), value = isQuoted ? text.slice(1, -1) : text;
  return name in NUMBERS ? number(name, ranges(value, NUMBERS[name].parse)) : OTHERS[name](value, isQuoted);
};
