// Millrace's batches of columns for Node. No dependencies; see README.md.
import {BatchAssembler} from './batch.mjs';
import {CallError, Connection} from './call.mjs';
import {writeGetBatchRequest, writeStreamBatchesRequest} from './messages.mjs';
import {FormatError} from './wire.mjs';

export {Batch, BatchAssembler} from './batch.mjs';
export {CallError} from './call.mjs';
export {FormatError} from './wire.mjs';

class Client {
  #connection;

  constructor(address) {
    this.#connection = new Connection(address);
  }

  // One batch: {planId, split, epoch, step, rank, worldSize, fields, labels: {vocabulary, encoding}, ratingOneHot}.
  async getBatch(request, options = {}) {
    const assembler = new BatchAssembler(options);
    let batch = null;
    for await (const message of this.#connection.call('GetBatch', writeGetBatchRequest(request), options)) {
      batch = assembler.add(message);
    }
    if (batch === null) throw new FormatError('the answer has no whole batch');
    return batch;
  }

  // Batches in order, as an async iterator: as for getBatch, with start: {epoch, step}, startToken, endEpoch,
  // maxBatchCount, skip: [{epoch, firstStep, lastStep}] and encodeAheadCount in place of epoch and step. Leaving the loop
  // cancels the call; a reader that is slow is waited for.
  async *streamBatches(request, options = {}) {
    const assembler = new BatchAssembler(options);
    for await (const message of this.#connection.call('StreamBatches', writeStreamBatchesRequest(request), options)) {
      const batch = assembler.add(message);
      if (batch !== null) yield batch;
    }
    if (assembler.isWithinBatch) throw new CallError('UNAVAILABLE', 'the stream ended within a batch');
  }

  // Lets calls that are under way end, and ends the connection.
  close() {
    this.#connection.close();
  }
}

// `address` is HOST:PORT. Connects at the first call.
export const connect = (address) => new Client(address);
