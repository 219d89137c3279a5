// gRPC by hand against HTTP/2 by hand: messages in chunks of any size, errors, and connections that break.
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import {test} from 'node:test';

import {connect} from '../../../clients/node/index.mjs';
import {threePosts, writeMessage} from './made_batch.mjs';

const frame = (message) => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};
const three = () => {
  const {head, body} = threePosts();
  return frame(writeMessage(head, body));
};

// Answers every call by `answer(stream)`.
const serve = async (answer, use) => {
  const server = http2.createServer();
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    stream.resume();
    answer(stream);
  });
  const sessions = new Set();
  server.on('session', (session) => sessions.add(session));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = connect(`127.0.0.1:${server.address().port}`);
  try {
    await use(client, server);
  } finally {
    client.close();
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
};
const HEADERS = {':status': 200, 'content-type': 'application/grpc'};
const answerWith = (chunks, trailers) => async (stream) => {
  stream.respond(HEADERS, {waitForTrailers: true});
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  for (const chunk of chunks) await new Promise((resolve) => stream.write(chunk, resolve));
  stream.end();
};
const all = async (batches) => {
  const found = [];
  for await (const batch of batches) found.push(batch);
  return found;
};

for (const size of [1, 5, 1000, 1e6]) {
  test(`messages in chunks of ${size}`, () => {
    const bytes = Buffer.concat([three(), three()]);
    const chunks = Array.from({length: Math.ceil(bytes.length / size)}, (_, i) => bytes.subarray(i * size, (i + 1) * size));
    return serve(answerWith(chunks, {'grpc-status': '0'}), async (client) => {
      const batches = await all(client.streamBatches({planId: 'p', split: 's'}));
      assert.deepEqual(batches.map(({length}) => length), [3, 3]);
    });
  });
}

test('an error has its code, its reason and its message', () => {
  // google.rpc.Status with an ErrorInfo whose reason is "PLAN_NOT_FOUND".
  const details = Buffer.concat([
    Buffer.from('\x1a\x3e\x0a\x28type.googleapis.com/google.rpc.ErrorInfo\x12\x12\x0a\x0ePLAN_NOT_FOUND\x1a\x00', 'latin1'),
  ]);
  const trailers = {
    'grpc-status': '5',
    'grpc-message': 'no plan %C3%A4',
    'grpc-status-details-bin': details.toString('base64'),
  };
  const expected = {name: 'CallError', code: 'NOT_FOUND', reason: 'PLAN_NOT_FOUND', message: 'no plan ä'};
  return serve((stream) => stream.respond({...HEADERS, ...trailers}, {endStream: true}), async (client) => {
    await assert.rejects(client.getBatch({planId: 'p'}), expected);
  }).then(() => serve(answerWith([three()], trailers), async (client) => {
    await assert.rejects(all(client.streamBatches({planId: 'p'})), expected);
  }));
});

const BROKEN = {
  'no status': [answerWith([three()], {}), 'UNAVAILABLE'],
  'half a message': [answerWith([three().subarray(0, 100)], {'grpc-status': '0'}), 'UNAVAILABLE'],
  'a reset': [(stream) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR), 'UNAVAILABLE'],
  'a lost connection': [(stream) => stream.session.destroy(), 'UNAVAILABLE'],
};
for (const [what, [answer, code]] of Object.entries(BROKEN)) {
  test(`${what} is an error`, () => serve(answer, async (client) => {
    await assert.rejects(all(client.streamBatches({planId: 'p'})), {code});
  }));
}

test('nobody listening is an error', async () => {
  const client = connect('127.0.0.1:1');
  await assert.rejects(client.getBatch({planId: 'p'}), {code: 'UNAVAILABLE'});
  client.close();
});

test('compressed and oversized messages are refused', () => serve(async (stream) => {
  const message = three();
  message[0] = 1;
  await answerWith([message], {'grpc-status': '0'})(stream);
}, (client) => assert.rejects(client.getBatch({planId: 'p'}), {name: 'FormatError'})).then(() =>
    serve(answerWith([Buffer.from([0, 255, 255, 255, 255])], {'grpc-status': '0'}),
          (client) => assert.rejects(client.getBatch({planId: 'p'}), {name: 'FormatError'}))));

test('leaving a stream cancels the call', async () => {
  let cancelled;
  const closed = new Promise((resolve) => cancelled = resolve);
  await serve((stream) => {
    stream.respond(HEADERS);
    stream.on('close', () => cancelled(stream.rstCode));
    const more = () => !stream.destroyed && stream.write(three(), () => setImmediate(more));
    more();
  }, async (client) => {
    for await (const batch of client.streamBatches({planId: 'p'})) {
      assert.equal(batch.length, 3);
      break;
    }
    assert.equal(await closed, http2.constants.NGHTTP2_CANCEL);
  });
});
