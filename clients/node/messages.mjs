// The messages of millrace.v1.LoaderService: requests to write, batches to read. Field numbers are those of
// proto/millrace/v1/loader_service.proto.
import {FormatError, fieldsOf, MessageWriter, toBytes, toNumber, toNumbers, toText} from './wire.mjs';

const ENCODING_COLUMNS = 2;
const LABEL_ENCODINGS = {csr: 1, dense: 2, bits: 3};

const writeProjection = ({fields = [], labels, ratingOneHot}) => {
  const writer = new MessageWriter().number(1, ENCODING_COLUMNS);
  for (const field of fields) writer.text(2, field);
  if (labels) {
    const encoding = LABEL_ENCODINGS[labels.encoding ?? 'csr'];
    if (encoding === undefined) {
      throw new TypeError(`labels.encoding is ${labels.encoding}; known: ${Object.keys(LABEL_ENCODINGS).join(', ')}`);
    }
    writer.message(3, new MessageWriter().text(1, labels.vocabulary).number(2, encoding));
  }
  return writer.number(4, ratingOneHot ? 1 : 0);
};

export const writeGetBatchRequest = (request) =>
    new MessageWriter()
        .text(1, request.planId)
        .text(2, request.split)
        .number(3, request.epoch)
        .number(4, request.step)
        .number(5, request.rank)
        .number(6, request.worldSize)
        .message(8, writeProjection(request))
        .finish();

export const writeStreamBatchesRequest = (request) => {
  const {start, skip = []} = request;
  const writer = new MessageWriter()
      .text(1, request.planId)
      .text(2, request.split)
      .number(3, request.rank)
      .number(4, request.worldSize)
      .message(5, start && new MessageWriter().number(1, start.epoch).number(2, start.step))
      .number(6, request.endEpoch)
      .number(8, request.maxBatchCount)
      .text(9, request.startToken);
  for (const {epoch, firstStep, lastStep} of skip) {
    writer.message(10, new MessageWriter().number(1, epoch).number(2, firstStep).number(3, lastStep));
  }
  return writer.message(11, writeProjection(request)).number(12, request.encodeAheadCount).finish();
};

const COLUMN = {
  1: ['name', toText],
  2: ['dataType', toNumber],
  4: ['offsetBytes', toNumber],
  5: ['sizeBytes', toNumber],
};

const readColumn = (bytes) => {
  const column = {name: '', dataType: 0, shape: [], offsetBytes: 0, sizeBytes: 0};
  for (const [number, value] of fieldsOf(bytes)) {
    if (number === 3) column.shape.push(...toNumbers(value));
    else if (COLUMN[number]) column[COLUMN[number][0]] = COLUMN[number][1](value);
  }
  return column;
};

const HEAD = {
  1: ['planId', toText],
  2: ['snapshot', toText],
  3: ['split', toText],
  4: ['epoch', toNumber],
  5: ['step', toNumber],
  6: ['rank', toNumber],
  7: ['worldSize', toNumber],
  8: ['batchCount', toNumber],
  9: ['globalSampleCount', toNumber],
  10: ['globalOffset', toNumber],
  13: ['paddingCount', toNumber],
  15: ['token', toText],
  16: ['skippedStepCount', toNumber],
  18: ['bodySizeBytes', toNumber],
  19: ['vocabulary', toText],
  20: ['labelCount', toNumber],
};

// What a batch says of itself, with its columns as they are described.
export const readHead = (bytes) => {
  const head = {columns: []};
  for (const [name, convert] of Object.values(HEAD)) head[name] = convert === toText ? '' : 0;
  for (const [number, value] of fieldsOf(bytes)) {
    if (number === 17) head.columns.push(readColumn(toBytes(value)));
    else if (HEAD[number]) head[HEAD[number][0]] = HEAD[number][1](value);
  }
  return head;
};

const NOTHING = new Uint8Array(0);

// A GetBatchResponse or StreamBatchesResponse; the body stays where it lies in the message.
export const readBatchMessage = (bytes) => {
  const found = {};
  for (const [number, value] of fieldsOf(bytes)) {
    if (number > 4) continue;
    if (number in found) throw new FormatError(`field ${number} is there twice`);
    found[number] = value;
  }
  return {
    head: found[1] === undefined ? null : readHead(toBytes(found[1])),
    body: found[3] === undefined ? NOTHING : toBytes(found[3]),
    bodyOffsetBytes: found[4] === undefined ? 0 : toNumber(found[4]),
  };
};
