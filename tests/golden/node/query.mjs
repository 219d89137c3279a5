// Queries: docs/plan-specification.md, section 2.2, and docs/query-language.md.
import {globTest, hasStars, isOnlyStars, withoutEscapes} from './glob.mjs';
import {isMetatag, metatagMeaning, ORIGINALS} from './metatags.mjs';

const SPACES = ' \t\n\v\f\r';

const refuse = (at, what) => {
  throw new Error(`query, at character ${at}: ${what}`);
};
const isSpace = (character) => character === undefined || SPACES.includes(character);
const depthBehind = (depth, character) => character === '(' ? depth + 1 : character === ')' && depth > 0 ? depth - 1 : depth;
const splitMetatag = (word) => {
  const colon = word.indexOf(':');
  return colon >= 0 && isMetatag(word.slice(0, colon)) ? [word.slice(0, colon), word.slice(colon + 1)] : undefined;
};

// What a term means: a function of the snapshot that gives one of a post.
const saidAny = (names) => ({said}) => said.some((name) => names.has(name));
const tagMeaning = (tag) => (snapshot) => {
  const names = snapshot.meaning(tag);
  return names.size > 0 ? saidAny(names) : refuse('?', `no post has the tag ${tag}`);
};
const patternMeaning = (pattern) => (snapshot) => {
  const names = new Set(snapshot.knownNames.filter(globTest(pattern)).flatMap((name) => [...snapshot.meaning(name)]));
  if (!isOnlyStars(pattern) && names.size === 0) refuse('?', `no tag matches ${pattern}`);
  return saidAny(names);
};
const termMeaning = (word, at) => {
  if (word[0] === '"') {
    const tag = word.slice(1, -1).replace(/\\(["\\])/g, '$1');
    return tag === '' ? refuse(at, 'names nothing') : tagMeaning(tag);
  }
  if (word === '' || word[0] === '~' || word === 'or' || word === 'and') refuse(at, 'a sign out of place');
  if (word.startsWith('order:') || word.startsWith('limit:')) refuse(at, 'for searches only');
  const metatag = splitMetatag(word);
  if (metatag === undefined) {
    return hasStars(word) ? patternMeaning(word) : tagMeaning(word.includes('*') ? withoutEscapes(word) : word);
  }
  if (ORIGINALS.has(metatag[0]) || word.includes('*')) return metatagMeaning(...metatag);
  // Where posts said a tag of this very name it is the tag, whatever the value; no alias counts.
  return (snapshot) => (snapshot.tagNames.has(word) ? tagMeaning(word) : metatagMeaning(...metatag))(snapshot);
};

const not = (meaning) => (snapshot) => {
  const holds = meaning(snapshot);
  return (post) => !holds(post);
};
const joined = (method) => (meanings) => (snapshot) => {
  const tests = meanings.map((meaning) => meaning(snapshot));
  return (post) => tests[method]((holds) => holds(post));
};
const all = joined('every'), any = joined('some');

class Parser {
  constructor(text) {
    if (Buffer.byteLength(text) > 4096 || /\p{Surrogate}/u.test(text)) refuse(0, 'over 4,096 bytes, or not UTF-8');
    Object.assign(this, {text, at: 0, depth: 0, termCount: 0, canonical: '', gluesNext: true, isOpen: false});
    this.token = this.next();
    this.meaning = this.alternatives();
  }

  endOfQuoted(start) {
    const found = this.text.slice(start).match(/^"(?:[^"\\]|\\[^])*"/) ?? refuse(start, 'an open quotation mark');
    const end = start + found[0].length;
    if (!isSpace(this.text[end]) && !(this.depth > 0 && this.text[end] === ')')) refuse(end, 'no space behind the mark');
    return end;
  }

  endOfWord(start) {
    let end = start, depth = 0;
    for (; !isSpace(this.text[end]) && !(this.text[end] === ')' && depth === 0 && this.depth > 0); ++end) {
      depth = depthBehind(depth, this.text[end]);
    }
    return end;
  }

  next() {
    const {text} = this;
    while (this.at < text.length && isSpace(text[this.at])) ++this.at;
    const start = this.at;
    if (start === text.length) return {kind: 'end', start};
    if (text[start] === ')' && this.depth > 0) {
      const behind = text[++this.at];
      if (!isSpace(behind) && !(behind === ')' && this.depth > 1)) refuse(this.at, 'something right behind a group');
      return {kind: ')', start, text: ')'};
    }
    const [signs] = text.slice(start).match(/^~?-?/), begin = start + signs.length;
    let end = begin + 1;
    if (text[begin] === '"') end = this.endOfQuoted(begin);
    else if (text[begin] !== '(') {
      end = this.endOfWord(begin);
      const metatag = splitMetatag(text.slice(begin, end));
      if (metatag?.[1][0] === '"') end = this.endOfQuoted(begin + metatag[0].length + 1);
    }
    this.at = end;
    const word = text.slice(begin, end);
    if (/[\0-\x1f\x7f]/.test(word)) refuse(start, 'a control character');
    const kind = word === '(' || (signs === '' && (word === 'or' || word === 'and')) ? word : 'word';
    return {kind, start, signs, word, text: signs + word};
  }

  advance() {
    const {kind, text, word} = this.token;
    this.canonical += (kind === ')' ? this.isOpen : !this.gluesNext) ? ` ${text}` : text;
    this.gluesNext = kind === '(';
    const isBare = kind === 'word' && word[0] !== '"' && splitMetatag(word)?.[1][0] !== '"';
    this.isOpen = isBare && [...word].reduce(depthBehind, 0) > 0;
    this.token = this.next();
  }

  alternatives() {
    const sequences = [this.sequence()];
    while (this.token.kind === 'or') {
      const {start} = this.token;
      this.advance();
      sequences.push(this.sequence());
      if (sequences.slice(-2).includes(undefined)) refuse(start, 'an or with nothing on one side');
    }
    return sequences.length > 1 ? any(sequences) : sequences[0];
  }

  // Undefined when it is empty.
  sequence() {
    const factors = [], alternatives = [];
    let and;
    while (!['end', ')', 'or'].includes(this.token.kind)) {
      const {kind, start, signs} = this.token;
      if (kind === 'and') {
        if (and !== undefined || factors.length + alternatives.length === 0) refuse(start, 'nothing before and');
        and = start;
        this.advance();
        continue;
      }
      and = undefined;
      const factor = this.factor();
      (signs.includes('~') ? alternatives : factors).push(signs.includes('-') ? not(factor) : factor);
    }
    if (and !== undefined) refuse(and, 'nothing behind and');
    if (alternatives.length > 0) factors.push(any(alternatives));
    return factors.length > 0 ? all(factors) : undefined;
  }

  factor() {
    const {kind, start, word} = this.token;
    if (kind === '(') {
      if (++this.depth > 32) refuse(start, 'over 32 groups within each other');
      this.advance();
      const meaning = this.alternatives();
      if (this.token.kind !== ')' || meaning === undefined) refuse(start, 'a group that is open or empty');
      --this.depth;
      this.advance();
      return meaning;
    }
    if (++this.termCount > 100) refuse(start, 'over 100 terms');
    const meaning = termMeaning(word, start);
    this.advance();
    return meaning;
  }
}

// A function that says whether a post matches. `snapshot`: see posts.mjs.
export const parseQuery = (text, snapshot) => {
  const {canonical, meaning} = new Parser(text);
  if (canonical !== text) throw new Error(`not in canonical form: ${text}`);
  return meaning === undefined ? () => true : meaning(snapshot);
};
