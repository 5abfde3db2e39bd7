import { expect, test } from 'vitest';
import type { HostedFiles } from '../../functions/domain/files/ports.ts';
import { hostedFileTtlMs } from '../../functions/domain/model/hosted-file.ts';
import { hostedFile } from '../support/hosted-files.ts';
import { sampleTime } from '../support/tasks.ts';

/** Makes an empty store. */
export type MakeHostedFiles = () => Promise<HostedFiles>;

const account = 'default';
const later = sampleTime + 1000;
const expired = sampleTime + hostedFileTtlMs;

/** Files with different names, uploaded one millisecond after the other. */
const manyFiles = (count: number, more: Parameters<typeof hostedFile>[0] = {}) =>
  Array.from({ length: count }, (_, index) =>
    hostedFile({ name: `${index}.jpg`, uploadedAt: sampleTime + index, ...more }),
  );

/** What every store guarantees about the records of hosted files. */
export function hostedFilesContract(make: MakeHostedFiles): void {
  test('a file is found as it was stored, and is in the list of its account alone', async () => {
    const files = await make();
    const file = hostedFile();

    expect(await files.put(file, 100)).toBe('stored');

    expect(await files.find(file.id, later)).toEqual(file);
    expect(await files.findAll([file.id, 'file_unknown'], later)).toEqual([file]);
    expect(await files.list(account, later)).toEqual([{ id: file.id, uploadedAt: sampleTime }]);
    expect(await files.list('stranger', later)).toEqual([]);
  });

  test('the list has all files, the newest first', async () => {
    const files = await make();
    const many = manyFiles(7);
    for (const file of many) await files.put(file, 100);

    const listed = await files.list(account, later);

    expect(listed.map(({ id }) => id)).toEqual(many.map(({ id }) => id).reverse());
  });

  test('a file replaces the one of its name, and takes no second place', async () => {
    const files = await make();
    await files.put(hostedFile(), 1);
    const newer = hostedFile({ version: 'second', bytes: 7, uploadedAt: later });

    expect(await files.put(newer, 1)).toBe('stored');

    expect(await files.find(newer.id, later)).toEqual({ ...newer, since: sampleTime });
    expect(await files.list(account, later)).toEqual([{ id: newer.id, uploadedAt: later }]);
    expect(await files.list(account, expired)).toHaveLength(1); // it lives as long as any new file
  });

  test('an account has no more files than it may have, and a refused file is not stored', async () => {
    const files = await make();
    const [first, second, third] = manyFiles(3);
    if (!first || !second || !third) throw new Error('three files');
    await files.put(first, 2);
    await files.put(second, 2);

    expect(await files.put(third, 2)).toBe('full');

    expect(await files.find(third.id, later)).toBeUndefined();
    expect(await files.put(hostedFile({ account: 'another' }), 2)).toBe('stored');
    expect(await files.list(account, later)).toHaveLength(2);
  });

  test('files that come at once get exactly the places that are left', async () => {
    const files = await make();
    for (const file of manyFiles(3, { path: 'before' })) await files.put(file, 10);

    const results = await Promise.all(manyFiles(15).map((file) => files.put(file, 10)));

    expect(results.filter((result) => result === 'stored')).toHaveLength(7);
    expect(results.filter((result) => result === 'full')).toHaveLength(8);
    expect(await files.list(account, later)).toHaveLength(10);
  });

  test('files of one name that come at once take one place, and one of them stays', async () => {
    const files = await make();
    const same = ['a', 'b', 'c', 'd', 'e'].map((version) => hostedFile({ version }));

    const results = await Promise.all(same.map((file) => files.put(file, 2)));

    expect(new Set(results)).toEqual(new Set(['stored']));
    expect(await files.list(account, later)).toHaveLength(1);
    expect(same).toContainEqual(await files.find(same[0]?.id ?? '', later));
  });

  test('a file that has expired does not exist any more, and its place is free from that moment on', async () => {
    const files = await make();
    const file = hostedFile();
    await files.put(file, 1);

    expect(await files.find(file.id, expired - 1)).toEqual(file);
    expect(await files.find(file.id, expired)).toBeUndefined();
    expect(await files.findAll([file.id], expired)).toEqual([]);
    expect(await files.list(account, expired)).toEqual([]);
    expect(await files.put(hostedFile({ name: 'b', uploadedAt: expired - 1 }), 1)).toBe('full');
    expect(await files.put(hostedFile({ name: 'c', uploadedAt: expired }), 1)).toBe('stored');
  });

  test('a file that has expired can be stored again under its name', async () => {
    const files = await make();
    await files.put(hostedFile(), 2);
    const again = hostedFile({ version: 'second', uploadedAt: expired });

    expect(await files.put(again, 2)).toBe('stored');

    expect(await files.find(again.id, expired)).toEqual(again);
    expect(await files.list(account, expired)).toHaveLength(1);
  });

  test('a file that was removed does not exist any more, and its place is free', async () => {
    const files = await make();
    const file = hostedFile();
    await files.put(file, 1);

    expect(await files.remove(file, later)).toBe(true);

    expect(await files.find(file.id, later)).toBeUndefined();
    expect(await files.list(account, later)).toEqual([]);
    expect(await files.remove(file, later)).toBe(false);
    expect(await files.put(hostedFile({ version: 'second', uploadedAt: later }), 1)).toBe('stored');
  });

  test('a file that was removed does not exist for a slow clock either, and an upload that began before is told that', async () => {
    const files = await make();
    const file = hostedFile();
    await files.put(file, 1);
    await files.remove(file, later);

    const late = hostedFile({ version: 'second', uploadedAt: later - 1 });
    expect(await files.put(late, 1)).toBe('deleted');

    expect(await files.find(file.id, later - 1)).toBeUndefined();
    expect(await files.list(account, later - 1)).toEqual([]);
    expect(await files.put(hostedFile({ name: 'b', uploadedAt: later - 1 }), 1)).toBe('stored');
  });

  test('a file exists since the first upload of its name, by whichever clock is behind; after a removal, since the next upload', async () => {
    const files = await make();
    const at = (uploadedAt: number, version: string) => hostedFile({ uploadedAt, version });
    const second = at(sampleTime - 5, 'second');
    await files.put(at(sampleTime, 'first'), 1);

    await files.put(second, 1);
    expect(await files.find(second.id, later)).toMatchObject({ since: sampleTime - 5 });

    await files.remove(second, later);
    await files.put(at(later + 1, 'third'), 1);
    expect(await files.find(second.id, later + 1)).toMatchObject({ since: later + 1 });
  });

  test('a file that was replaced is not removed by a request that has read the old one', async () => {
    const files = await make();
    const old = hostedFile();
    await files.put(old, 1);
    const newer = hostedFile({ version: 'second', uploadedAt: later });
    await files.put(newer, 1);

    expect(await files.remove(old, later)).toBe(false);

    expect(await files.find(newer.id, later)).toMatchObject({ version: 'second' });
  });

  test('removals and uploads of one name that come at once leave one file or none', async () => {
    const files = await make();
    const file = hostedFile();
    await files.put(file, 1);

    const [, ...removals] = await Promise.all([
      files.put(hostedFile({ version: 'second', uploadedAt: later }), 1),
      files.remove(file, later),
      files.remove(file, later),
    ]);

    expect(removals.filter((removed) => removed).length).toBeLessThanOrEqual(1);
    expect(await files.find(file.id, later)).toMatchObject({ version: 'second' });
    expect(await files.list(account, later)).toHaveLength(1);
  });

  test('an account whose limit was lowered keeps its files and stores no other, unless it replaces one', async () => {
    const files = await make();
    const many = manyFiles(5);
    for (const file of many) await files.put(file, 5);

    expect(await files.put(hostedFile({ name: 'new', uploadedAt: later }), 3)).toBe('full');
    expect(await files.put(hostedFile({ name: '4.jpg', uploadedAt: later }), 3)).toBe('stored');
    expect(await files.list(account, later)).toHaveLength(5);
  });
}
