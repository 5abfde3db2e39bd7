import { expect, test } from 'vitest';
import { getFile } from '../../../../functions/domain/tasks/input-files.ts';
import type { FileStore } from '../../../../functions/domain/tasks/ports.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const id = `file-${'a'.repeat(26)}`;
const maxBytes = 4 * 1024 * 1024;

function context({ contentType = 'image/jpeg', bytes = 3 } = {}) {
  const requested: string[] = [];
  const files: FileStore = {
    find: async (account, fileId) => {
      requested.push(`${account}/${fileId}`);
      return account === 'mine' && fileId === id ? { contentType, bytes } : undefined;
    },
    link: async (account, fileId) => `https://inputs.example.com/${account}/${fileId}`,
    read: async (account, fileId) => Buffer.from(`${account}/${fileId}`),
  };
  return { requested, get: getFile({ files }) };
}

test('its owner gets the bytes of a file of at most 4 MB', async () => {
  expect(await context({ bytes: maxBytes }).get(id, 'mine', 'bytes')).toEqual({
    contentType: 'image/jpeg',
    filename: `${id}.jpeg`,
    picture: Buffer.from(`mine/${id}`),
  });
});

test('a larger file is refused with a link to it', async () => {
  const getting = context({ bytes: maxBytes + 1 }).get(id, 'mine', 'bytes');

  expect(await thrownBy(getting)).toMatchObject({
    code: 'picture_too_large',
    details: { url: `https://inputs.example.com/mine/${id}` },
  });
});

test('HEAD describes a file', async () => {
  expect(await context({ bytes: maxBytes + 1 }).get(id, 'mine', 'description')).toMatchObject({
    contentType: 'image/jpeg',
    picture: { length: maxBytes + 1 },
  });
});

test('a file of another account is not found', async () => {
  expect(await thrownBy(context().get(id, 'theirs', 'bytes'))).toMatchObject({
    code: 'file_not_found',
    status: 404,
  });
});

test.each(['', 'file-1', '../mine/file', `${id}/x`])(
  '%j is not found, and is not looked for',
  async (name) => {
    const { requested, get } = context();

    expect(await thrownBy(get(name, 'mine', 'bytes'))).toMatchObject({ code: 'file_not_found' });
    expect(requested).toEqual([]);
  },
);

test('a file whose type is not that of a picture is not sent with its type', async () => {
  const { get } = context({ contentType: 'text/html' });

  expect(await get(id, 'mine', 'bytes')).toMatchObject({ contentType: 'application/octet-stream' });
});
