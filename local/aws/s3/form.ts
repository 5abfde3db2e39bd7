import { S3Error } from './error.ts';
import { scanner, text } from './scanner.ts';

/** A posted form up to its file. What follows the file is not read, as on S3. */
export type Form = {
  /** With lower-case names. */
  readonly fields: ReadonlyMap<string, string>;
  readonly filename: string;
  /** Throws when the form ends before the end of the file. */
  readonly file: AsyncIterable<Buffer>;
};

const malformed = () => new S3Error('MalformedPOSTRequest');
const tooLong = () => new S3Error('MaxPostPreDataLengthExceeded');
const maxFieldBytes = 20 * 1024;

export async function readForm(contentType: string, body: AsyncIterable<Buffer>): Promise<Form> {
  const input = scanner(withLineBreak(body), malformed);
  const delimiter = `\r\n--${boundaryOf(contentType)}`;
  const fields = new Map<string, string>();
  let remainingBytes = maxFieldBytes;
  const readShort = async (piece: AsyncIterable<Buffer>) => {
    const read = await text(piece, remainingBytes, tooLong);
    remainingBytes -= Buffer.byteLength(read);
    return read;
  };

  await readShort(input.until(delimiter));
  while ((await readShort(input.next(2))) === '\r\n') {
    // The line break of the last header ends it and is followed by the empty line.
    const { name, filename } = disposition(await readShort(input.until('\r\n\r\n')));
    if (name === 'file') return { fields, filename, file: input.until(delimiter) };
    fields.set(name, await readShort(input.until(delimiter)));
  }
  throw new S3Error('InvalidArgument', 'POST requires exactly one file upload per request.');
}

// The line break makes the first boundary look like all the others.
async function* withLineBreak(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from('\r\n');
  yield* body;
}

function boundaryOf(contentType: string): string {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (!boundary) throw malformed();
  return boundary;
}

function disposition(head: string): { name: string; filename: string } {
  const line = head
    .split('\r\n')
    .find((header) => /^content-disposition:\s*form-data/i.test(header));
  const name = line && parameter(line, 'name');
  if (!name) throw malformed();
  // A browser may send the whole path.
  return {
    name: name.toLowerCase(),
    filename: parameter(line, 'filename')?.replace(/^.*[/\\]/, '') ?? '',
  };
}

const parameter = (line: string, name: string): string | undefined =>
  new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^;\\s]+))`, 'i')
    .exec(line)
    ?.slice(1)
    .find((value) => value !== undefined);
