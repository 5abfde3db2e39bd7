import { describe, expect, test } from 'vitest';
import { deleteFile } from '../../../../functions/domain/files/delete-file.ts';
import { fileLinks, openFileLink } from '../../../../functions/domain/files/file-link.ts';
import {
  fileQuota,
  ListFilesQuery,
  listFiles,
} from '../../../../functions/domain/files/list-files.ts';
import { FileProblem, type HostedFiles } from '../../../../functions/domain/files/ports.ts';
import { uploadFile } from '../../../../functions/domain/files/upload-file.ts';
import type { Place } from '../../../../functions/domain/files/upload-request.ts';
import { maxInputBytes } from '../../../../functions/domain/model/catalogue.ts';
import {
  type HostedFile,
  hostedFileTtlMs,
  maxFilesOf,
} from '../../../../functions/domain/model/hosted-file.ts';
import { hostedFileId } from '../../../../functions/domain/model/ids.ts';
import { settableClock } from '../../../support/fakes.ts';
import { hostedFile } from '../../../support/hosted-files.ts';
import { memoryFiles } from '../../../support/memory-files.ts';
import { fileOf, jpeg, png } from '../../../support/pictures.ts';
import { signingWith } from '../../../support/signing.ts';
import { sampleCaller, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const { account } = sampleCaller;

function context(files: HostedFiles = memoryFiles()) {
  const clock = settableClock(sampleTime);
  const stored: HostedFile[] = [];
  const deletedFiles: string[] = [];
  let open = 0;
  let uploadsMade = 0;
  const upload = uploadFile({
    files,
    now: clock.now,
    newUploadId: () => {
      uploadsMade += 1;
      return `upload${uploadsMade}`;
    },
  });
  /** Uploads these bytes as the sample caller. */
  const send = (
    bytes: Uint8Array,
    { place = {}, originalName, store = async () => {}, caller = sampleCaller }: Sent = {},
  ) => {
    open += 1;
    return upload(
      async () => ({
        received: {
          file: fileOf(bytes),
          store: async (as) => {
            const opened = open;
            await store();
            // The file is disposed of after it was stored, and not before.
            expect(open).toBe(opened);
            stored.push(as);
          },
          [Symbol.asyncDispose]: async () => {
            open -= 1;
          },
        },
        originalName,
        place: () => place,
      }),
      caller,
    );
  };
  const remove = deleteFile({
    files,
    bucket: { deleteAll: async ({ id }) => void deletedFiles.push(id) },
    now: clock.now,
  });
  return { files, clock, stored, send, upload, remove, deletedFiles, openFiles: () => open };
}

type Sent = {
  readonly place?: Place;
  readonly originalName?: string;
  readonly store?: () => Promise<void>;
  readonly caller?: typeof sampleCaller;
};

describe('an upload', () => {
  test('stores the bytes, and then the record, for 72 hours', async () => {
    const { send, files, stored, openFiles } = context();

    const file = await send(jpeg(640, 480), {
      place: { file_name: 'cat.png', upload_path: 'a' },
      originalName: '/tmp/IMG.png',
    });

    expect(file).toEqual({
      id: hostedFileId(account, 'a', 'cat.png'),
      account,
      path: 'a',
      name: 'cat.png',
      originalName: 'IMG.png',
      format: 'jpeg',
      bytes: jpeg(640, 480).length,
      version: 'upload1',
      uploadedAt: sampleTime,
      since: sampleTime,
      expiresAt: sampleTime + hostedFileTtlMs,
    });
    expect(await files.find(file.id, sampleTime)).toEqual(file);
    expect(stored).toEqual([file]);
    expect(openFiles()).toBe(0);
  });

  test('without a name is a new file each time, in the path of its kind', async () => {
    const { send } = context();

    const [first, second] = [await send(png(400, 400)), await send(png(400, 400))];

    expect([first.path, first.name, first.originalName]).toEqual([
      'images',
      'upload1.png',
      'upload1.png',
    ]);
    expect(second.id).not.toBe(first.id);
  });

  test('of the same name in the same path replaces the file, also for an account that is full', async () => {
    const files = memoryFiles();
    for (let n = 0; n < 100; n += 1) await files.put(hostedFile({ name: `${n}` }), 100);
    const { send } = context(files);

    expect(await send(png(400, 400), { place: { file_name: '7' } })).toMatchObject({ name: '7' });
    expect(await files.list(account, sampleTime)).toHaveLength(100);
  });

  test('is refused when the account is full, and no bytes are stored', async () => {
    const files = memoryFiles();
    for (let n = 0; n < 100; n += 1) await files.put(hostedFile({ name: `${n}` }), 100);
    const { send, stored, openFiles } = context(files);

    expect(await thrownBy(send(png(400, 400)))).toMatchObject({
      code: 'file_quota_exceeded',
      message: expect.stringContaining('100 files'),
    });
    expect([stored, openFiles()]).toEqual([[], 0]);
    expect(
      await send(png(400, 400), { caller: { ...sampleCaller, userGroup: 'vip' } }),
    ).toBeDefined();
  });

  test.each([
    ['full', 'file_quota_exceeded'],
    ['busy', 'service_unavailable'],
    ['deleted', 'service_unavailable'],
  ] as const)('that comes too late for the last place is refused: %s', async (result, code) => {
    const { send } = context({ ...memoryFiles(), put: async () => result });

    expect(await thrownBy(send(png(400, 400)))).toMatchObject({ code });
  });

  test.each([
    ['nothing', Buffer.alloc(0), 'invalid_request', 'empty'],
    ['a page', Buffer.from('<html></html>'), 'unsupported_file_type', 'an HTML page'],
    ['a GIF', Buffer.from('GIF89a'), 'unsupported_file_type', 'a GIF'],
    [
      'a drawing with a program in it',
      Buffer.from('<svg onload="x">'),
      'unsupported_file_type',
      'an SVG',
    ],
    ['half a picture', png(400, 400).subarray(0, -1), 'unsupported_file_type', 'cut off'],
  ])('of %s is refused, and nothing is stored', async (_, bytes, code, why) => {
    const { send, stored, files, openFiles } = context();

    expect(await thrownBy(send(bytes))).toMatchObject({
      code,
      message: expect.stringContaining(why),
    });
    expect([stored, openFiles()]).toEqual([[], 0]);
    expect(await files.list(account, sampleTime)).toEqual([]);
  });

  test('stores its bytes once more when the file of its name was deleted meanwhile, which also deleted these bytes', async () => {
    const { send, files, clock, stored, remove, openFiles } = context();
    const place = { file_name: 'a' };
    const { id } = await send(png(400, 400), { place });
    let isFirst = true;
    const deleteMeanwhile = async () => {
      if (!isFirst) return;
      isFirst = false;
      clock.advance(1);
      await remove(id, account);
    };

    const file = await send(png(500, 500), { place, store: deleteMeanwhile });

    expect(stored.slice(1).map(({ version }) => version)).toEqual(['upload2', 'upload2']);
    expect(file.uploadedAt).toBe(sampleTime + 1);
    expect(await files.find(id, clock.now())).toEqual(file);
    expect(openFiles()).toBe(0);
  });

  test('whose bytes cannot be stored leaves no record', async () => {
    const { send, files, openFiles } = context();
    const store = () => Promise.reject(new Error('S3'));

    expect(await thrownBy(send(png(400, 400), { store }))).toMatchObject({
      code: 'storage_failed',
    });
    expect([await files.list(account, sampleTime), openFiles()]).toEqual([[], 0]);
  });

  test.each([
    [{ reason: 'too-large', maxBytes: 10 }, 'request_too_large', 'larger than 10 bytes'],
    [
      { reason: 'address', detail: 'must not point to a private address' },
      'invalid_request',
      'file_url must not',
    ],
    [
      { reason: 'http-status', status: 404 },
      'file_download_failed',
      'file_url answered with status 404',
    ],
    [
      { reason: 'unreachable', detail: 'took too long to answer' },
      'file_download_failed',
      'file_url took too long',
    ],
    [{ reason: 'incomplete' }, 'invalid_request', 'ends too early'],
  ] as const)('that did not arrive (%j) says why', async (problem, code, message) => {
    const { upload } = context();
    const receive = () => Promise.reject(new FileProblem(problem));

    expect(await thrownBy(upload(receive, sampleCaller))).toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  test('does not hide an error of our own', async () => {
    const { upload } = context();
    const disk = new Error('no space left on device');

    expect(await thrownBy(upload(() => Promise.reject(disk), sampleCaller))).toBe(disk);
  });
});

describe('a deletion', () => {
  test('deletes the bytes and gives the place back', async () => {
    const { send, remove, deletedFiles, files } = context();
    const { id } = await send(png(400, 400));

    await remove(id, account);

    expect(deletedFiles).toEqual([id]);
    expect(await files.list(account, sampleTime)).toEqual([]);
  });

  test.each(['file_unknown', `file_${'0'.repeat(26)}`, 'file-0', '../x', ''])(
    'of %j finds nothing',
    async (id) => {
      const { remove, deletedFiles } = context();

      expect(await thrownBy(remove(id, account))).toMatchObject({ code: 'file_not_found' });
      expect(deletedFiles).toEqual([]);
    },
  );

  test('by another account finds nothing, and changes nothing', async () => {
    const { send, remove, deletedFiles, files } = context();
    const { id } = await send(png(400, 400));

    expect(await thrownBy(remove(id, 'stranger'))).toMatchObject({ code: 'file_not_found' });
    expect([deletedFiles, await files.list(account, sampleTime)]).toEqual([
      [],
      [expect.anything()],
    ]);
  });

  test('of a file that is replaced at that moment deletes the new one as well', async () => {
    const files = memoryFiles();
    const place = { file_name: 'a' };
    const { send, clock } = context(files);
    const { id } = await send(png(400, 400), { place });
    let replaced = false;
    const remove = deleteFile({
      files,
      bucket: {
        deleteAll: async () => {
          if (!replaced) await send(png(500, 500), { place });
          replaced = true;
        },
      },
      now: clock.now,
    });

    await remove(id, account);

    expect(await files.find(id, sampleTime)).toBeUndefined();
  });

  test('whose bytes cannot be deleted can be repeated', async () => {
    const { send, files, clock } = context();
    const { id } = await send(png(400, 400));
    const bucket = { deleteAll: () => Promise.reject(new Error('S3')) };

    await thrownBy(deleteFile({ files, bucket, now: clock.now })(id, account));

    expect(await files.find(id, sampleTime)).toBeDefined();
  });
});

describe('the list', () => {
  test('has pages, the newest first, and counts all of them', async () => {
    const { send, files, clock } = context();
    for (const file_name of ['a', 'b', 'c']) {
      await send(png(400, 400), { place: { file_name } });
      clock.advance(1);
    }
    const list = listFiles({ files, now: clock.now });
    const names = async (page: number) =>
      (await list({ page, pageSize: 2 }, account)).files.map(({ name }) => name);

    expect([await names(1), await names(2), await names(3)]).toEqual([['c', 'b'], ['a'], []]);
    expect((await list({ page: 9, pageSize: 2 }, account)).total).toBe(3);
    expect(await list({ page: 1, pageSize: 2 }, 'stranger')).toEqual({ total: 0, files: [] });
  });

  test('begins with its first page of 20', () => {
    expect(ListFilesQuery.parse({})).toEqual({ page: 1, pageSize: 20 });
  });

  test.each([
    { page: '0' },
    { page: '1001' },
    { page: '1.5' },
    { pageSize: '101' },
    { pageSize: '' },
  ])('has no page %j', (query) => {
    expect(ListFilesQuery.safeParse(query).success).toBe(false);
  });
});

test.each([
  ['default', 100],
  ['vip', 500],
  ['anything', 100],
  ['constructor', 100],
])('the group %s may store %i files, and the quota tells what is left', async (group, max) => {
  const { send, files, clock } = context();
  await send(png(400, 400));

  const quota = await fileQuota({ files, now: clock.now })(account, group);

  expect(maxFilesOf(group)).toBe(max);
  expect(quota).toEqual({
    user_group: group,
    used_files: 1,
    max_files: max,
    remain_files: max - 1,
    max_upload_bytes: 4_400_000,
    max_download_bytes: maxInputBytes,
  });
});

describe('a link', () => {
  const secret = 'a signing secret';

  async function linked(bytes = 1000) {
    const { files, clock } = context();
    const file = hostedFile({ bytes });
    await files.put(file, 100);
    const open = openFileLink({
      files,
      bucket: {
        link: async ({ id }, presentation) => `${presentation} ${id}`,
        read: async () => Buffer.from('pixels'),
      },
      keys: signingWith(secret),
      now: clock.now,
    });
    const links = fileLinks('https://api.example.com', secret, file);
    const paramsOf = (link: string) => {
      const { pathname, searchParams } = new URL(link);
      return {
        file: pathname.split('/').at(-1) ?? '',
        expires: searchParams.get('expires') ?? '',
        signature: searchParams.get('signature') ?? '',
      };
    };
    const show = { ...paramsOf(links.file_url), presentation: 'inline' as const };
    const save = { ...paramsOf(links.download_url), presentation: 'attachment' as const };
    return { files, clock, file, open, links, show, save };
  }

  test('shows the file or saves it, until the file expires', async () => {
    const { open, show, save, file, clock, links } = await linked();
    const shown = {
      contentType: 'image/jpeg',
      filename: `${file.id}.jpg`,
      disposition: expect.stringMatching(/^inline; .*cat\.jpg$/),
      picture: Buffer.from('pixels'),
    };

    expect(new URL(links.file_url).pathname).toMatch(/\.jpg$/);
    expect(await open(show, 'redirect')).toEqual(shown);
    expect(await open(show, 'bytes')).toEqual(shown);
    expect(await open(show, 'description')).toEqual({ ...shown, picture: { length: 1000 } });
    clock.advance(hostedFileTtlMs - 1000);
    const disposition = expect.stringMatching(/^attachment; .*cat\.jpg$/);
    expect(await open(save, 'redirect')).toEqual({ ...shown, disposition });
    clock.advance(1000);
    expect(await thrownBy(open(show, 'redirect'))).toMatchObject({ code: 'permission_denied' });
  });

  test('to a file above 4 MB redirects, unless the client would send its key along', async () => {
    const { open, save, file } = await linked(4 * 1024 * 1024 + 1);

    expect(await open(save, 'redirect')).toEqual({ redirectTo: `attachment ${file.id}` });
    expect(await thrownBy(open(save, 'bytes'))).toMatchObject({
      code: 'picture_too_large',
      details: { url: `attachment ${file.id}` },
    });
  });

  test.each([
    ['another file', { file: `file_${'0'.repeat(26)}` }],
    ['a file of another kind', { file: `file-${'0'.repeat(26)}` }],
    ['another end', { expires: '1957242893' }],
    ['no end', { expires: '' }],
    ['an end that is no number', { expires: 'NaN' }],
    ['no signature', { signature: '' }],
    ['the signature of the other link', { presentation: 'attachment' }],
  ] as const)('with %s is refused', async (_, change) => {
    const { open, show } = await linked();

    expect(await thrownBy(open({ ...show, ...change }, 'redirect'))).toMatchObject({
      code: 'permission_denied',
    });
  });

  test('to a file that was replaced since shows the new one, also when that came in the same second', async () => {
    const { open, show, files, clock } = await linked();
    clock.advance(1);
    await files.put(hostedFile({ version: 'second', uploadedAt: clock.now() }), 100);

    expect(await open(show, 'redirect')).toMatchObject({ picture: Buffer.from('pixels') });
  });

  test('stays invalid when its file was deleted and another file has the name', async () => {
    const { open, show, files, file, clock } = await linked();
    clock.advance(1000);
    await files.remove(file, clock.now());
    const another = hostedFile({ version: 'second', uploadedAt: clock.now() });
    await files.put(another, 100);

    expect(await thrownBy(open(show, 'redirect'))).toMatchObject({ code: 'file_not_found' });

    const { searchParams } = new URL(
      fileLinks('https://api.example.com', 'a signing secret', another).file_url,
    );
    const link = {
      ...show,
      expires: searchParams.get('expires') ?? '',
      signature: searchParams.get('signature') ?? '',
    };
    expect(await open(link, 'redirect')).toMatchObject({ picture: Buffer.from('pixels') });
  });

  test('of a file that was deleted says so', async () => {
    const { open, show, files, file } = await linked();
    await files.remove(file, sampleTime);

    expect(await thrownBy(open(show, 'redirect'))).toMatchObject({ code: 'file_not_found' });
  });
});
