// The labels of posts by a vocabulary: docs/vocabularies.md.

// A function from a post's tags to its labels, in the order of the tags, each once. `entries`: [name, category].
// `aliasClass`: the tags that are one with a name by aliases; none where tags are read as said.
export const labeller = (entries, aliasClass) => {
  const labels = new Map(entries.map(([name, category], label) => [`${category} ${name}`, label]));
  const own = ({name, category}) => labels.get(`${category} ${name}`) ?? labels.get(`unspecified ${name}`);
  // From the last, so that the first entry stays.
  const byAlias = new Map(entries.flatMap(([name, category], label) => {
    const others = aliasClass(name).filter((tag) => tag.name !== name);
    const ofCategory = others.filter((tag) => tag.category === category);
    return (ofCategory.length > 0 ? ofCategory : others).map(({id}) => [id, label]);
  }).reverse());
  const labelOf = (tag) => own(tag) ?? byAlias.get(tag.id);
  return (tags) => [...new Set(tags.map(labelOf).filter((label) => label !== undefined))];
};
