// Messages become batches, in one part and in many; what makes no sense is refused, whatever it is.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {BatchAssembler} from '../../../clients/node/batch.mjs';
import {FormatError} from '../../../clients/node/wire.mjs';
import {makeBatch, threePosts, writeMessage} from './made_batch.mjs';

// In memory of its own, as a call gives it.
const own = (bytes) => {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
};
const read = ({head, body}) => new BatchAssembler().add(own(writeMessage(head, body)));

const checkThreePosts = (batch) => {
  assert.deepEqual([...batch.ids], [11n, 12n, 1n << 60n]);
  assert.deepEqual([batch.length, batch.step, batch.token, batch.epoch], [3, 7, 'token', 0]);
  assert.deepEqual([...batch.lists('tags')].map((tags) => [...tags]), [[1n, 9n], [], [4n]]);
  assert.deepEqual([...batch.texts('source')], ['http:', '', 'abc']);
  assert.deepEqual([...batch.texts('pools.kind')], ['series', '']);
  assert.deepEqual([0, 1, 2].map(batch.presence('score')), [true, false, true]);
  assert.deepEqual([...batch.column('score')], [-3, 0, 4]);
  assert.deepEqual([...batch.row('md5', 1)], Array.from({length: 16}, (_, i) => 16 + i));
};

test('a batch of one message is used where it lies', () => {
  const {head, body} = threePosts();
  const message = own(writeMessage(head, body));
  const batch = new BatchAssembler().add(message);
  checkThreePosts(batch);
  assert.equal(batch.ids.buffer, message.buffer);
  assert.equal(batch.ids.byteOffset % 64, 0);
});

test('a body that is not aligned is copied', () => {
  const {head, body} = threePosts();
  const message = writeMessage(head, body);
  const shifted = Buffer.allocUnsafeSlow(message.length + 1).subarray(1);
  shifted.set(message);
  checkThreePosts(new BatchAssembler().add(shifted));
});

test('parts of any size make the batch, and batches follow one another', () => {
  const {head, body} = threePosts();
  const assembler = new BatchAssembler();
  for (const size of [1, 64, 100, body.length - 1]) {
    let batch = null;
    for (let at = 0; at < body.length; at += size) {
      assert.equal(batch, null);
      assert.equal(assembler.isWithinBatch, at > 0);
      batch = assembler.add(own(writeMessage(at === 0 ? head : {}, body.subarray(at, at + size), at)));
    }
    checkThreePosts(batch);
  }
});

test('a batch without posts needs no body', () => {
  const {head} = makeBatch({id: new BigInt64Array(0), row: new BigInt64Array(0)});
  assert.equal(new BatchAssembler().add(own(writeMessage(head))).length, 0);
});

test('columns that were not asked for are told by name', () => {
  const batch = read(threePosts());
  assert.throws(() => batch.column('width_px'), /no column "width_px"/);
  assert.throws(() => batch.lists('favorite_user_ids'), RangeError);
  assert.throws(() => batch.presence('width_px'), RangeError);
});

const column = (batch, name) => batch.head.columns.find((described) => described.name === name);
const SPOILED = {
  'no "id"': (batch) => column(batch, 'id').name = 'other',
  'ids of another type': (batch) => Object.assign(column(batch, 'id'), {dataType: 1, shape: [24]}),
  'more ids than rows': (batch) => Object.assign(column(batch, 'row'), {shape: [2], sizeBytes: 16}),
  'a name twice': (batch) => column(batch, 'score').name = 'id',
  'no data type': (batch) => column(batch, 'score').dataType = 0,
  'an odd offset': (batch) => column(batch, 'score.presence').offsetBytes -= 8,
  'overlapping columns': (batch) => column(batch, 'row').offsetBytes = 0,
  'a negative offset': (batch) => column(batch, 'id').offsetBytes = -64,
  'an offset beyond the body': (batch) => column(batch, 'score.presence').offsetBytes = 2 ** 40,
  'an offset beyond numbers': (batch) => column(batch, 'score.presence').offsetBytes = 2n ** 62n,
  'a size beyond the body': (batch) => column(batch, 'score.presence').sizeBytes = 65,
  'a negative size': (batch) => column(batch, 'score.presence').sizeBytes = -1,
  'a negative dimension': (batch) => column(batch, 'score.presence').shape = [-1, -1],
  'a shape of another size': (batch) => column(batch, 'score.presence').shape = [2],
  'a shape beyond numbers': (batch) => column(batch, 'score.presence').shape = [2 ** 50, 2 ** 50],
  'a body beyond the limit': (batch) => batch.head.bodySizeBytes = 2 ** 40,
  'a negative body': (batch) => batch.head.bodySizeBytes = -1,
  'a body shorter than it says': (batch) => batch.head.bodySizeBytes -= 1,
};
for (const [what, spoil] of Object.entries(SPOILED)) {
  test(`${what} is refused`, () => {
    const batch = threePosts();
    spoil(batch);
    assert.throws(() => read(batch), FormatError);
  });
}

for (const offsets of [[1, 2, 2, 3], [0, 2, 1, 3], [0, -2, 1, 3], [0, 2, 2, 2], [0, 2, 2, 4], [0, 2, 3], [0, 2, 2, 2, 3]]) {
  test(`offsets ${offsets} are refused when the list is asked for`, () => {
    const three = BigInt64Array.of(1n, 2n, 3n);
    const batch = read(makeBatch({id: three, row: three, 'tags.offsets': Int32Array.from(offsets), 'tags.values': three}));
    assert.throws(() => batch.lists('tags'), FormatError);
  });
}

test('parts that make no sense are refused', () => {
  const {head, body} = threePosts();
  const begin = writeMessage(head, body.subarray(0, 100));
  for (const second of [begin, writeMessage({}, body.subarray(64), 64), writeMessage({}, null, 100), writeMessage({}, body, 100)]) {
    const assembler = new BatchAssembler();
    assert.equal(assembler.add(own(begin)), null);
    assert.throws(() => assembler.add(own(second)), FormatError);
  }
  assert.throws(() => new BatchAssembler().add(own(writeMessage({}, body, 0))), FormatError);
});

// Small, seeded and good enough for damage.
const randomBelow = (() => {
  let state = 20261126;
  return (bound) => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
})();

test('damaged messages give errors of the format or batches that can be read', () => {
  const {head, body} = threePosts();
  const message = writeMessage(head, body);
  let batches = 0, errors = 0;
  for (let round = 0; round < 5000; ++round) {
    const damaged = own(message.subarray(0, randomBelow(4) === 0 ? randomBelow(message.length + 1) : message.length));
    for (let i = randomBelow(3); i >= 0 && damaged.length > 0; --i) damaged[randomBelow(Math.min(damaged.length, 600))] ^= 1 << randomBelow(8);
    try {
      const batch = new BatchAssembler({bodyBytesMax: 2 ** 20}).add(damaged);
      if (batch === null) continue;
      ++batches;
      for (const name of batch.names) {
        const field = name.slice(0, name.lastIndexOf('.'));
        if (name.endsWith('.values')) [...batch.lists(field)];
        if (name.endsWith('.bytes')) [...batch.texts(field)];
        [...batch.column(name)];
      }
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof RangeError)) throw error;
      ++errors;
    }
  }
  assert.ok(batches > 100 && errors > 100, `${batches} batches, ${errors} errors`);
});
