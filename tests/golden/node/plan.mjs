// Plans, batches and tokens: docs/plan-specification.md, sections 2, 7 and 8. Written from that text, to check it.
import {orderOf} from './orders.mjs';
import {le64, sha256, withLength} from './permutation.mjs';
import {parseQuery} from './query.mjs';
import {membersOf} from './splits.mjs';

const KEYS = [
  'batch_rows', 'batch_size', 'coverage', 'last_batch', 'mix', 'modulus', 'query', 'seed', 'snapshot', 'splits',
  'strategy', 'stratify', 'tags', 'unit', 'version', 'weights',
];

const sorted = (value) => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
};

export const canonicalForm = (spec) => JSON.stringify(sorted(spec)).replace(
    /[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

export const planIdOf = (spec) => sha256(canonicalForm(spec)).toString('hex');

export class Plan {
  // `said`: a snapshot of posts.mjs as posts said it. It may know no more than its size when the plan looks at no post.
  constructor(spec, said) {
    const unknown = Object.keys(spec).filter((key) => !KEYS.includes(key));
    if (spec.version !== 1 || unknown.length > 0) throw new Error(`not a plan of version 1: ${unknown}`);
    if (!['undefined', 'applied'].includes(String(spec.tags))) throw new Error(`no reading of tags: ${spec.tags}`);
    const snapshot = this.snapshot = spec.tags === undefined ? said : said.applied();
    this.spec = {...spec, seed: BigInt(spec.seed)};
    this.id = planIdOf(spec);
    this.rows = this.selection(snapshot);
    this.members = membersOf(this.spec, snapshot, this.rows);
    this.orders = spec.splits.map((split, k) => {
      const {count, at} = this.members[k];
      return orderOf(this.spec, split, count, (x) => snapshot.post(this.rows.at(at(x))), snapshot);
    });
    this.splits = spec.splits.map(({name}, k) => {
      const samples = this.orders[k].sampleCount, b = spec.batch_size;
      const batches = spec.last_batch === 'drop' ? Math.floor(samples / b) : Math.ceil(samples / b);
      return {name, member_count: this.members[k].count, sample_count: samples, batch_count: batches};
    });
    this.unassignedCount = this.rows.count - this.members.reduce((all, {count}) => all + count, 0);
  }

  selection(snapshot) {
    if (this.spec.query === undefined) return {count: snapshot.size, at: (element) => element};
    const matches = parseQuery(this.spec.query, snapshot);
    const rows = [];
    for (let row = 0; row < snapshot.size; ++row) {
      if (matches(snapshot.post(row))) rows.push(row);
    }
    return {count: rows.length, at: (element) => rows[element]};
  }

  batch(split, epoch, step, rank = 0, worldSize = 1) {
    const k = this.splits.findIndex(({name}) => name === split);
    const {sample_count: c, batch_count: steps} = this.splits[k], b = this.spec.batch_size;
    if (step >= steps) throw new Error(`${split} has no step ${step}`);
    if (this.last?.k !== k || this.last?.epoch !== epoch) this.last = {k, epoch, x: this.orders[k].epoch(epoch)};
    const size = this.spec.last_batch === 'pad' ? b : Math.min(b, c - step * b);
    const offset = Math.floor(size * rank / worldSize), end = Math.floor(size * (rank + 1) / worldSize);
    const numbers = Array.from({length: end - offset}, (_, j) => step * b + offset + j);
    return {
      global_sample_count: size,
      global_offset: offset,
      padding_count: numbers.filter((i) => i >= c).length,
      rows: numbers.map((i) => this.rows.at(this.members[k].at(this.last.x(i % c)))),
    };
  }

  // The tags that the row's post has in batches, ascending.
  tags(row) {
    return this.snapshot.post(row).tags;
  }

  token(split, epoch, step) {
    const body = Buffer.concat([Buffer.from(this.id, 'hex'), withLength(split), le64(epoch), le64(step)]);
    return `mt1-${body.toString('hex')}${checksum(body)}`;
  }
}

const checksum = (body) => sha256('millrace.v1.token', body).subarray(0, 8).toString('hex');

export const parseToken = (text) => {
  if (!/^mt1-([0-9a-f]{2})*$/.test(text)) throw new Error('not a token of version 1');
  const data = Buffer.from(text.slice(4), 'hex'), body = data.subarray(0, -8), nameSize = body[32];
  if (body.length !== 32 + 1 + nameSize + 16) throw new Error('a token of another length');
  if (data.subarray(-8).toString('hex') !== checksum(body)) throw new Error('the token was changed');
  const [epoch, step] = [16, 8].map((fromEnd) => Number(body.readBigUInt64LE(body.length - fromEnd)));
  if (epoch > 2 ** 31 - 1) throw new Error('an epoch over 2^31 - 1');
  return {planId: body.subarray(0, 32).toString('hex'), split: body.toString('latin1', 33, 33 + nameSize), epoch, step};
};
