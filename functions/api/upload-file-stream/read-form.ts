import { Readable } from 'node:stream';
import { Busboy } from '@fastify/busboy';
import type { ReceivedFile } from '../../domain/files/ports.ts';
import { fileTooLarge, incompleteForm } from '../../domain/files/upload-file.ts';
import { maxUploadBytes } from '../../domain/model/hosted-file.ts';
import { Problem } from '../../domain/model/problem.ts';

type Receive = (body: Readable) => Promise<ReceivedFile>;

export type Form = {
  readonly received: ReceivedFile;
  /** What the sender calls the file. */
  readonly originalName: string | undefined;
  readonly fields: Readonly<Record<string, string>>;
};

// Far above what the form needs. The rest of a longer file is not kept.
const limits = {
  fileSize: maxUploadBytes,
  fieldSize: 4096,
  fields: 20,
  parts: 25,
  headerPairs: 20,
  headerSize: 16 * 1024,
};

/**
 * Reads a form with one file. `receive` gets the file as a stream while the form is read. The fields may come before or
 * after the file.
 * @throws {Problem} what is wrong with the form
 * @throws what `receive` throws
 */
export async function readForm(
  body: Uint8Array,
  contentType: string | undefined,
  receive: Receive,
): Promise<Form> {
  const parser = parserFor(contentType);
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  const fields: Record<string, string> = Object.create(null);
  const problems: Problem[] = [];
  let file: { name: string | undefined; receiving: Promise<ReceivedFile> } | undefined;

  parser.on('field', (name, value, _isNameCutOff, isCutOff) => {
    if (isCutOff) problems.push(fieldTooLong(name));
    else fields[name] = value;
  });
  parser.on('file', (field, stream, name: string | undefined) => {
    if (field === 'file' && !file) {
      stream.on('limit', () => problems.push(fileTooLarge()));
      file = { name, receiving: receive(stream) };
      file.receiving.catch(reject); // nobody reads the rest of the form then
      return;
    }
    problems.push(field === 'file' ? oneFileOnly() : wrongFileField(field));
    stream.on('error', () => undefined); // the parser emits it too
    stream.resume();
  });
  parser.on('error', (cause) => reject(incompleteForm(cause)));
  parser.on('finish', resolve);
  // The body is parsed in pieces. After too many parts the rest is not parsed: a million parts would take long.
  const source = Readable.from(piecesOf(body));
  const refuse = () => {
    source.unpipe(parser);
    reject(tooManyParts());
  };
  parser.on('partsLimit', refuse);
  parser.on('fieldsLimit', refuse);
  source.pipe(parser);

  try {
    await finished;
    if (problems[0]) throw problems[0];
    if (!file) throw noFile();
    return { received: await file.receiving, originalName: file.name, fields };
  } catch (error) {
    await file?.receiving.then(
      (received) => received[Symbol.asyncDispose](),
      () => undefined, // this failure is `error`, or follows from it
    );
    throw error;
  }
}

const pieceBytes = 64 * 1024;

function* piecesOf(body: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < body.length; from += pieceBytes) {
    yield body.subarray(from, from + pieceBytes);
  }
}

// A part with the name `file` is the file, even without a file name and a type.
function parserFor(contentType = '') {
  if (!/^multipart\/form-data\b/i.test(contentType.trim())) throw notAForm();
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits,
      isPartAFile: (field, type, name) =>
        field === 'file' || name !== undefined || type === 'application/octet-stream',
    });
  } catch (cause) {
    throw notAForm(cause);
  }
}

export const notAForm = (cause?: unknown): Problem =>
  new Problem(
    'unsupported_media_type',
    'The body must be a form with a file: send it as multipart/form-data with a boundary, as a browser or curl -F does.',
    { param: 'Content-Type', cause },
  );

const noFile = (): Problem =>
  new Problem('invalid_request', 'file is required: the form has no part of this name.', {
    param: 'file',
  });

const oneFileOnly = (): Problem =>
  new Problem(
    'invalid_request',
    'The form has more than one part with the name file: send one file.',
    {
      param: 'file',
    },
  );

const tooManyParts = (): Problem =>
  new Problem(
    'invalid_request',
    `The form has more than ${limits.fields} fields: send the file, upload_path and file_name.`,
    { param: 'file' },
  );

const wrongFileField = (field: string | undefined): Problem =>
  new Problem(
    'invalid_request',
    `The form has a file in the field ${JSON.stringify(String(field).slice(0, 60).toWellFormed())}: send it in the field "file".`,
    { param: 'file' },
  );

const fieldTooLong = (name: string): Problem =>
  new Problem(
    'invalid_request',
    `A field of the form is longer than ${limits.fieldSize} bytes: send it shorter.`,
    { param: name.slice(0, 60).toWellFormed() },
  );
