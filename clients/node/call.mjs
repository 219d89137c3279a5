// gRPC calls over node:http2: one request message, any number of response messages, and a status in the trailers.
import http2 from 'node:http2';

import {allocate} from './batch.mjs';
import {fieldsOf, FormatError, toBytes, toText} from './wire.mjs';

const PREFIX_BYTES = 5;
// HTTP/2's default of 64 KiB would have the server wait for every few packets.
const WINDOW_BYTES = 8 * 2 ** 20;
const CODES = [
  'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS',
  'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED',
  'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED',
];

// A call that failed: `code` ("NOT_FOUND"), and the server's `reason` ("PLAN_NOT_FOUND"), empty when it gave none.
export class CallError extends Error {
  name = 'CallError';

  constructor(code, message, reason = '') {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

const find = (bytes, wanted) => {
  for (const [number, value] of fieldsOf(bytes)) if (number === wanted) return toBytes(value);
  return new Uint8Array(0);
};

// ErrorInfo.reason out of a google.rpc.Status.
const reasonOf = (details) => {
  for (const [number, value] of fieldsOf(details)) {
    if (number !== 3 || !toText(find(value, 1)).endsWith('/google.rpc.ErrorInfo')) continue;
    return toText(find(find(value, 2), 1));
  }
  return '';
};

const statusOf = (headers) => {
  const status = headers['grpc-status'];
  if (status === undefined) return null;
  if (status === '0') return {};
  let message = headers['grpc-message'] ?? '', reason = '';
  try {
    message = decodeURIComponent(message);
    reason = reasonOf(Buffer.from(headers['grpc-status-details-bin'] ?? '', 'base64'));
  } catch {
    // A server of another kind; what it said is shown as it is.
  }
  return {error: new CallError(CODES[status] ?? 'UNKNOWN', message, reason)};
};

// Cuts a stream of chunks into messages. Each lies in memory of its own, which it begins.
async function* messagesOf(chunks, messageBytesMax) {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  let prefixBytes = 0, message = null, messageBytes = 0;
  for await (let chunk of chunks) {
    while (chunk.length > 0) {
      if (message === null) {
        const count = chunk.copy(prefix, prefixBytes);
        prefixBytes += count;
        chunk = chunk.subarray(count);
        if (prefixBytes < PREFIX_BYTES) break;
        const size = prefix.readUInt32BE(1);
        if (prefix[0] !== 0) throw new FormatError('a message is compressed, which was not asked for');
        if (size > messageBytesMax) throw new FormatError(`a message of ${size} bytes; the reader's limit is ${messageBytesMax}`);
        [message, messageBytes] = [allocate(size), 0];
      }
      const count = chunk.copy(message, messageBytes);
      messageBytes += count;
      chunk = chunk.subarray(count);
      if (messageBytes < message.length) break;
      const whole = message;
      [message, prefixBytes] = [null, 0];
      yield whole;
    }
  }
  if (message !== null || prefixBytes > 0) throw new CallError('UNAVAILABLE', 'the connection broke within a message');
}

// A connection to one server, made at the first call.
export class Connection {
  #address;
  #session = null;

  constructor(address) {
    this.#address = address;
  }

  #connected() {
    if (this.#session !== null && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const session = http2.connect(`http://${this.#address}`, {settings: {initialWindowSize: WINDOW_BYTES}});
    session.on('error', () => {});  // every call tells of it by itself
    session.on('connect', () => session.setLocalWindowSize(WINDOW_BYTES));
    this.#session = session;
    return session;
  }

  // Sends `request` and yields the messages of the answer; throws CallError when the call does not end with OK. Leaving
  // the loop cancels the call.
  async *call(method, request, {messageBytesMax = 256 * 2 ** 20} = {}) {
    const stream = this.#connected().request({
      ':method': 'POST',
      ':path': `/millrace.v1.LoaderService/${method}`,
      'content-type': 'application/grpc',
      'te': 'trailers',
      'user-agent': 'millrace-node/0.1.0',
    });
    let status = null;
    stream.on('response', (headers) => status = statusOf(headers));
    stream.on('trailers', (headers) => status = statusOf(headers));
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(request.length, 1);
    stream.end(Buffer.concat([prefix, request]));
    try {
      yield* messagesOf(stream, messageBytesMax);
    } catch (error) {
      if (error instanceof CallError || error instanceof FormatError) throw status?.error ?? error;
      throw status?.error ?? new CallError('UNAVAILABLE', `${this.#address}: ${error.message}`);
    } finally {
      stream.close(http2.constants.NGHTTP2_CANCEL);
    }
    if (status === null) throw new CallError('UNAVAILABLE', `${this.#address}: the connection broke`);
    if (status.error) throw status.error;
  }

  close() {
    this.#session?.close();
    this.#session = null;
  }
}
