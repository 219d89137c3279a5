// What aliases and implications make of tags: docs/tags.md, "The two readings". Written from that text, to check it.

const listsBy = (pairs) => {
  const lists = new Map();
  for (const [key, value] of pairs) lists.set(key, [...lists.get(key) ?? [], value]);
  return lists;
};

export class Relations {
  // Pairs of names; no alias stands for one that is an alias itself.
  constructor(aliases = [], implications = []) {
    this.aliasOf = new Map(aliases);
    this.names = new Set([...aliases, ...implications].flat());
    this.implied = listsBy(implications.map((pair) => pair.map((name) => this.resolve(name))));
    this.reached = new Map();
  }

  resolve(name) {
    return this.aliasOf.get(name) ?? name;
  }

  // The names that a post has by having this one.
  reach(name) {
    const start = this.resolve(name);
    if (!this.reached.has(start)) {
      const reached = new Set([start]);
      // A set is gone through in the order in which it grows.
      for (const from of reached) for (const to of this.implied.get(from) ?? []) reached.add(to);
      this.reached.set(start, reached);
    }
    return this.reached.get(start);
  }

  // A function from the tags that a post said to those that it has, ascending. `tags`: all that the snapshot's posts said.
  applier(tags) {
    const called = listsBy(tags.map((tag) => [tag.name, tag]));
    const standsFor = new Map(tags.map((tag) => {
      const resolved = this.resolve(tag.name);
      const isKept = resolved === tag.name || !called.has(resolved);
      const others = [...this.reach(tag.name)].filter((name) => name !== tag.name);
      return [tag.id, [...isKept ? [tag] : [], ...others.flatMap((name) => called.get(name) ?? [])]];
    }));
    return (said) => {
      const applied = new Map(said.flatMap(({id}) => standsFor.get(id)).map((tag) => [tag.id, tag]));
      return [...applied.values()].sort((a, b) => a.id < b.id ? -1 : 1);
    };
  }

  // A function from a name to the names that mean it: a post has it by having said one of them.
  meanings(names, isApplied) {
    const saidBy = listsBy([...names].flatMap((said) =>
        (isApplied ? [...this.reach(said)] : [this.resolve(said)]).map((meant) => [meant, said])));
    const sets = new Map([...saidBy].map(([name, said]) => [name, new Set(said)])), none = new Set();
    return (name) => sets.get(this.resolve(name)) ?? none;
  }
}
