import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readForm } from '../../../../functions/api/upload-file-stream/read-form.ts';
import { FileProblem } from '../../../../functions/domain/files/ports.ts';
import { maxUploadBytes } from '../../../../functions/domain/model/hosted-file.ts';
import { Problem } from '../../../../functions/domain/model/problem.ts';
import { fileOf } from '../../../support/pictures.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const type = 'multipart/form-data; boundary=b';
const bytes = Buffer.from([0, 1, 2, 13, 10, 45, 45, 97, 13, 10, 255]); // with what looks like a boundary

/** A part of a form: its headers, and what is in it. */
type Part = readonly [headers: string, content: string | Uint8Array];
const field = (name: string, value: string): Part => [
  `Content-Disposition: form-data; name="${name}"`,
  value,
];
const filePart = (more = '; filename="cat.jpg"', name = 'file'): Part => [
  `Content-Disposition: form-data; name="${name}"${more}\r\nContent-Type: image/jpeg`,
  bytes,
];
const formOf = (...parts: readonly Part[]): Buffer =>
  Buffer.concat([
    ...parts.flatMap(([headers, content]) => [
      Buffer.from(`--b\r\n${headers}\r\n\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ]),
    Buffer.from('--b--\r\n'),
  ]);

/** Receives files in memory, and counts those that nobody has disposed of. */
function receiver() {
  let open = 0;
  return {
    open: () => open,
    receive: async (body: Readable) => {
      const received = await buffer(body).catch((cause: unknown) => {
        throw new FileProblem({ reason: 'incomplete' }, { cause });
      });
      open += 1;
      return {
        file: fileOf(received),
        store: async () => {},
        [Symbol.asyncDispose]: async () => {
          open -= 1;
        },
      };
    },
  };
}

async function read(body: Uint8Array, contentType: string | undefined = type) {
  const { received, ...form } = await readForm(body, contentType, receiver().receive);
  return { ...form, bytes: Buffer.from(received.file.read(0, received.file.size)) };
}

describe('a form', () => {
  test.each([
    [
      'a file and fields behind it',
      [filePart(), field('file_name', 'ü.jpg')],
      'cat.jpg',
      { file_name: 'ü.jpg' },
    ],
    [
      'fields before the file',
      [field('uploadPath', 'a'), filePart()],
      'cat.jpg',
      { uploadPath: 'a' },
    ],
    ['a file without a name', [filePart('')], undefined, {}],
    [
      'a file with a path for a name',
      [filePart('; filename="C:\\\\me\\\\cat.jpg"')],
      'cat.jpg',
      {},
    ],
    ['a file with a name in UTF-8', [filePart('; filename="größe.jpg"')], 'größe.jpg', {}],
    [
      'fields that nobody knows',
      [filePart(), field('x', '1'), field('__proto__', '2')],
      'cat.jpg',
      { x: '1', ['__proto__']: '2' },
    ],
  ] as const)('with %s is read', async (_, parts, originalName, fields) => {
    const form = await read(formOf(...parts));

    expect(form.bytes).toEqual(bytes);
    expect(form.originalName).toBe(originalName);
    expect(Object.entries(form.fields)).toEqual(Object.entries(fields));
  });

  test('may have a boundary in quotes, and a type in capitals', async () => {
    expect(
      (await read(formOf(filePart()), 'Multipart/Form-Data; charset=utf-8; boundary="b"')).bytes,
    ).toEqual(bytes);
  });

  test('may have a file of exactly the limit', async () => {
    const [headers] = filePart();
    const large = Buffer.alloc(maxUploadBytes, 1);

    expect((await read(formOf([headers, large]))).bytes).toHaveLength(maxUploadBytes);
  });
});

describe('what is no form with one file', () => {
  const [headers] = filePart();
  const whole = formOf(filePart());

  test.each<[string, Uint8Array, string | undefined, string]>([
    ['no file', formOf(field('file_name', 'a')), type, 'invalid_request'],
    ['two files', formOf(filePart(), filePart()), type, 'invalid_request'],
    ['a file in another field', formOf(filePart(undefined, 'image')), type, 'invalid_request'],
    [
      'a second file in another field',
      formOf(filePart(), filePart(undefined, 'x')),
      type,
      'invalid_request',
    ],
    [
      'a field of 10 kB',
      formOf(filePart(), field('file_name', 'a'.repeat(10_000))),
      type,
      'invalid_request',
    ],
    [
      'a file that is too large',
      formOf([headers, Buffer.alloc(maxUploadBytes + 1)]),
      type,
      'request_too_large',
    ],
    // Otherwise the fields behind the limit would be lost silently.
    [
      'a form of 21 fields, and the path behind them',
      formOf(
        filePart(),
        ...Array.from({ length: 20 }, () => field('a', '')),
        field('upload_path', 'a'),
      ),
      type,
      'invalid_request',
    ],
    ['a million parts', Buffer.from('--b\r\n'.repeat(1_000_000)), type, 'invalid_request'],
    ['nothing', Buffer.alloc(0), type, 'invalid_request'],
    ['no boundary in it', Buffer.from('hello'), type, 'invalid_request'],
    ['an end inside the file', whole.subarray(0, -20), type, 'invalid_request'],
    ['an end inside the headers', whole.subarray(0, 20), type, 'invalid_request'],
    ['another boundary', whole, 'multipart/form-data; boundary=other', 'invalid_request'],
    ['no boundary in its type', whole, 'multipart/form-data', 'unsupported_media_type'],
    ['another type', whole, 'application/json', 'unsupported_media_type'],
    ['another kind of multipart', whole, 'multipart/mixed; boundary=b', 'unsupported_media_type'],
    ['no type', whole, undefined, 'unsupported_media_type'],
  ])('%s is refused, and no file stays open', async (_, body, contentType, code) => {
    const { receive, open } = receiver();
    const reading = readForm(body, contentType, receive);

    const thrown = await thrownBy(reading);

    const found = thrown instanceof FileProblem ? 'invalid_request' : undefined;
    expect(thrown).toMatchObject(found ? { reason: 'incomplete' } : { code });
    expect([found ?? code, open()]).toEqual([code, 0]);
  });

  test('an error of the receiver of the file ends the reading', async () => {
    const disk = new Error('no space left on device');
    const receive = async (body: Readable) => {
      body.destroy();
      throw disk;
    };

    expect(await thrownBy(readForm(whole, type, receive))).toBe(disk);
  });

  test('whatever is sent, the reading ends, and no file stays open', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '--b',
        '--b--',
        '\r\n',
        '\r\n\r\n',
        '--',
        'b',
        ...whole.toString('latin1').split('\r\n'),
      ),
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        const { receive, open } = receiver();
        const form = await readForm(Buffer.from(pieces.join(''), 'latin1'), type, receive).catch(
          (thrown: unknown) => thrown,
        );
        const isExpected = form instanceof Problem || form instanceof FileProblem || open() === 1;
        return isExpected && (open() === 0 || !(form instanceof Error));
      }),
    );
  });
});
