// Queries: docs/plan-specification.md, section 2.2. Ids and numbers of posts are BigInts, absent ones undefined.

export const RATINGS = ['unspecified', 'general', 'sensitive', 'questionable', 'explicit', 'safe'];

const RESERVED = /^([~("].*|.*\*.*|or|and|(order|limit):.*)$/s;

const ratingTest = (word) => {
  if (RATINGS.includes(word)) return (post) => post.rating === word;
  if (!['s', 'q', 'e', 'g'].includes(word)) throw new Error(`${word} is no rating`);
  return (post) => post.rating[0] === word;
};

const rangeTest = (field, text) => {
  const number = '(-?[0-9]+)';
  let low = -(2n ** 63n), high = 2n ** 63n - 1n, found;
  if ((found = text.match(`^(>=|<=|>|<|)${number}$`))) {
    const [, sign, digits] = found;
    if (sign === '' || sign[0] === '>') low = BigInt(digits) + (sign === '>' ? 1n : 0n);
    if (sign === '' || sign[0] === '<') high = BigInt(digits) - (sign === '<' ? 1n : 0n);
  } else if ((found = text.match(`^${number}?\\.\\.${number}?$`)) && text !== '..') {
    if (found[1] !== undefined) low = BigInt(found[1]);
    if (found[2] !== undefined) high = BigInt(found[2]);
  } else {
    throw new Error(`${text} is no range`);
  }
  if (low > high) throw new Error(`${text} holds no number`);
  return (post) => post[field] !== undefined && low <= post[field] && post[field] <= high;
};

const termTest = (term, tagNames) => {
  if (term === '' || RESERVED.test(term)) throw new Error(`the term ${JSON.stringify(term)} is refused`);
  const [, word, value] = term.match(/^(rating|id|score|width|height):(.*)$/s) ?? [];
  if (word === 'rating') return ratingTest(value);
  if (word !== undefined) return rangeTest(word, value);
  if (!tagNames.has(term)) throw new Error(`no post has the tag ${term}`);
  return (post) => post.tags.some((tag) => tag.name === term);
};

// A function that says whether a post matches. `snapshot` has the posts' tagNames.
export const parseQuery = (text, snapshot) => {
  const tests = (text === '' ? [] : text.split(' ')).map((term) => {
    const negated = term.startsWith('-');
    return {negated, holds: termTest(negated ? term.slice(1) : term, snapshot.tagNames)};
  });
  return (post) => tests.every(({negated, holds}) => holds(post) !== negated);
};
