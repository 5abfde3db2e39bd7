import { describe, expect, test } from 'vitest';
import { fileTtlMs } from '../../../../functions/domain/model/task.ts';
import { createFile, fileIdOf, fileUrl } from '../../../../functions/domain/tasks/input-files.ts';
import { sampleTime } from '../../../support/tasks.ts';

const baseUrl = 'https://api.example.com';
const id = `file-${'a'.repeat(26)}`;

test('a new file is a URL for later tasks and a form to upload it with', async () => {
  const requestedForms: unknown[] = [];
  const create = createFile({
    baseUrl,
    now: () => sampleTime,
    newId: () => id,
    formFor: async (...args) => {
      requestedForms.push(args);
      return {
        url: 'https://inputs.example.com/',
        fields: { key: 'k' },
        expiresAt: sampleTime + 999,
      };
    },
  });

  expect(await create({ content_type: 'image/webp' }, 'default')).toEqual({
    id,
    object: 'file',
    url: `${baseUrl}/v1/files/${id}`,
    expires_at: (sampleTime + fileTtlMs) / 1000,
    upload: {
      method: 'POST',
      url: 'https://inputs.example.com/',
      fields: { key: 'k' },
      expires_at: sampleTime / 1000,
    },
  });
  expect(requestedForms).toEqual([['default', id, 'image/webp']]);
});

describe('the URL of a file', () => {
  test('contains its id', () => {
    expect(fileIdOf(baseUrl)(fileUrl(baseUrl, id))).toBe(id);
  });

  test('stays valid after the API has got a domain, under both addresses', () => {
    const isOwn = fileIdOf('https://images.example.com', baseUrl);

    expect(isOwn(fileUrl(baseUrl, id))).toBe(id);
    expect(isOwn(fileUrl('https://images.example.com', id))).toBe(id);
    expect(isOwn(fileUrl('https://other.example.com', id))).toBeUndefined();
  });

  test.each([
    'https://example.com/cat.png',
    `https://evil.example.com/v1/files/${id}`,
    `${baseUrl}.evil.example.com/v1/files/${id}`,
    `http://api.example.com/v1/files/${id}`,
    `${baseUrl}/v1/files/`,
    `${baseUrl}/v1/files/${id}/more`,
    `${baseUrl}/v1/files/${id}?a=b`,
    `${baseUrl}/v1/files/../${id}`,
    id,
  ])('is not %s', (url) => {
    expect(fileIdOf(baseUrl)(url)).toBeUndefined();
  });
});
