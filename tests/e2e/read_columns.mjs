// Reads batches with clients/node and prints each as one line of JSON, post by post, for test_node_reader.py.
//
//     read_columns.mjs ADDRESS getBatch|streamBatches REQUEST
//
// REQUEST is the request as JSON. A call that fails is printed as {"error": {...}}.
import {CallError, connect} from '../../clients/node/index.mjs';

const NUMBERS = [
  'width_px', 'height_px', 'file_size_bytes', 'pixiv_id', 'parent_id', 'uploader_id', 'approver_id', 'score', 'up_score',
  'down_score', 'created_at', 'updated_at', 'last_commented_at', 'last_noted_at', 'favorite_count',
  'duration_us',
];
const TEXTS = ['file_ext', 'source', 'location', 'extra_json'];
const LISTS = ['tags', 'tag_indexes', 'favorite_user_ids', 'labels'];
const MATRICES = ['rating_one_hot', 'labels.dense', 'labels.bits'];

// Each gives a function from a post's number to its value.
const readers = (batch) => {
  const found = {};
  found.id = (i) => batch.ids[i];
  found.row = (i) => batch.rows[i];
  for (const name of NUMBERS.filter((name) => batch.has(name))) {
    const [values, has] = [batch.column(name), batch.presence(name)];
    found[name] = (i) => has(i) ? values[i] : null;
  }
  if (batch.has('md5')) {
    const has = batch.presence('md5');
    found.md5 = (i) => has(i) ? Buffer.from(batch.row('md5', i)).toString('hex') : null;
  }
  for (const name of ['rating', 'flags'].filter((name) => batch.has(name))) {
    const values = batch.column(name);
    found[name] = (i) => values[i];
  }
  for (const name of TEXTS.filter((name) => batch.has(`${name}.bytes`))) {
    const texts = batch.texts(name);
    found[name] = (i) => texts.at(i);
  }
  for (const name of LISTS.filter((name) => batch.has(`${name}.values`))) {
    const lists = batch.lists(name);
    found[name] = (i) => [...lists.at(i)];
  }
  if (batch.has('pools.values')) {
    const [pools, kinds] = [batch.lists('pools'), batch.texts('pools.kind')];
    found.pools = (i) => [...pools.at(i)].map((id, k) => [id, kinds.at(pools.offsets[i] + k)]);
  }
  for (const name of MATRICES.filter((name) => batch.has(name))) found[name] = (i) => [...batch.row(name, i)];
  return found;
};

const print = (batch) => {
  const entries = Object.entries(readers(batch));
  const posts = Array.from({length: batch.length}, (_, i) => Object.fromEntries(entries.map(([name, at]) => [name, at(i)])));
  const head = Object.fromEntries(Object.entries(batch).filter(([, value]) => !ArrayBuffer.isView(value)));
  const text = JSON.stringify({head, names: batch.names, posts}, (_, value) => typeof value === 'bigint' ? `${value}` : value);
  process.stdout.write(`${text}\n`);
};

const [address, method, request] = process.argv.slice(2);
const client = connect(address);
try {
  if (method === 'getBatch') print(await client.getBatch(JSON.parse(request)));
  else for await (const batch of client.streamBatches(JSON.parse(request))) print(batch);
} catch (error) {
  if (!(error instanceof CallError)) throw error;
  console.log(JSON.stringify({error: {code: error.code, reason: error.reason, message: error.message}}));
} finally {
  client.close();
}
