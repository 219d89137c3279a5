// The labels of posts by a vocabulary: docs/vocabularies.md.

// A function from a post's tags to its labels, in the order of the tags, each once. `entries`: [name, category].
export const labeller = (entries) => {
  const labels = new Map(entries.map(([name, category], label) => [`${category} ${name}`, label]));
  const labelOf = ({name, category}) => labels.get(`${category} ${name}`) ?? labels.get(`unspecified ${name}`);
  return (tags) => [...new Set(tags.map(labelOf).filter((label) => label !== undefined))];
};
