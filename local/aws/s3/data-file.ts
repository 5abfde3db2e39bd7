import { createHash, randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Algorithm, startDigest } from './digests.ts';

/** A body on disk. */
export type DataFile = {
  /** The name of the file. */
  readonly file: string;
  readonly size: number;
  /** In hex. */
  readonly md5: string;
  /** In base64. */
  readonly checksum: string;
};

/** Streams a body to a new file, and measures it. Nothing is left of a body that breaks off. */
export async function writeData(
  directory: string,
  body: AsyncIterable<Buffer>,
  algorithm: Algorithm,
): Promise<DataFile> {
  const file = `${randomUUID()}.data`;
  const md5 = createHash('md5');
  const checksum = startDigest(algorithm);
  let size = 0;
  async function* measured() {
    for await (const chunk of body) {
      md5.update(chunk);
      checksum.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  }
  try {
    await writeFile(join(directory, file), measured(), { flag: 'wx', flush: true });
  } catch (thrown) {
    await discard(directory, file);
    throw thrown;
  }
  return { file, size, md5: md5.digest('hex'), checksum: checksum.digest('base64') };
}

/** Writes a record to another file in the same directory, so that a rename can put it in its place at once. */
export async function writeDraft(directory: string, record: unknown): Promise<string> {
  const draft = `${randomUUID()}.draft`;
  await writeFile(join(directory, draft), JSON.stringify(record), { flush: true });
  return draft;
}

export const discard = (directory: string, file: string): Promise<void> =>
  rm(join(directory, file), { force: true });
