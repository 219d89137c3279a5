// Texts with `*` for any text: docs/query-language.md. `\*`, `\"` and `\\` stand for the second character.

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const pieces = (pattern) => pattern.match(/\\[*"\\]|[^]/gu) ?? [];
const literal = (piece) => piece.length > 1 && piece[0] === '\\' ? piece[1] : piece;

export const hasStars = (pattern) => pieces(pattern).includes('*');
export const isOnlyStars = (pattern) => pieces(pattern).every((piece) => piece === '*');
export const withoutEscapes = (pattern) => pieces(pattern).map(literal).join('');

export const globTest = (pattern) => {
  const expression = pieces(pattern).map((piece) => piece === '*' ? '.*' : escaped(literal(piece))).join('');
  return RegExp.prototype.test.bind(new RegExp(`^${expression}$`, 'su'));
};
