import { createHash, randomUUID } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { crc32Digest } from './digests.ts';

const Stored = z.object({
  key: z.string(),
  /** Name of the file with the bytes; every write has a new one. */
  file: z.string(),
  size: z.number(),
  etag: z.string(),
  crc32: z.string(),
  modifiedAt: z.number(),
  /** Grows with every write to the bucket, over restarts too. */
  sequencer: z.number(),
  /** The headers that come back with the object. */
  headers: z.record(z.string(), z.string()),
});
export type Stored = Readonly<z.infer<typeof Stored>>;

type Content = {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer>;
  /** Throws when the write must not happen; asked in the moment in which it would. */
  readonly allow?: (existing: Stored | undefined) => void;
};

/** The objects of one bucket: a file for the bytes and a JSON file, which makes them an object. */
export type Store = {
  find(key: string): Stored | undefined;
  /** In the order of their keys' bytes, as S3 lists them. */
  list(): readonly Stored[];
  open(key: string): Promise<{ object: Stored; file: FileHandle } | undefined>;
  put(content: Content): Promise<Stored>;
  remove(key: string): Promise<void>;
};

export async function openStore(directory: string, now: () => number): Promise<Store> {
  const objects = await load(directory);
  let sequencer = objects.values().reduce((last, object) => Math.max(last, object.sequencer), 0);

  return {
    find: (key) => objects.get(key),
    list: () => [...objects.values()].toSorted(byKey),
    open: (key) => openObject(directory, objects, key),

    async put({ key, headers, body, allow }) {
      const file = `${randomUUID()}.data`;
      const draft = `${file}.json`;
      const discard = (name: string) => rm(join(directory, name), { force: true });
      let previous: Stored | undefined;
      let object: Stored;
      try {
        const written = await write(join(directory, file), body);
        sequencer = Math.max(sequencer + 1, now() * 1000);
        object = { key, file, ...written, modifiedAt: now(), sequencer, headers };
        await writeFile(join(directory, draft), JSON.stringify(object), { flush: true });
        previous = objects.get(key);
        allow?.(previous);
        // Synchronous, so that disk and memory agree and what was allowed still holds.
        renameSync(join(directory, draft), join(directory, recordOf(key)));
      } catch (thrown) {
        await Promise.all([file, draft].map(discard));
        throw thrown;
      }
      objects.set(key, object);
      if (previous) await discard(previous.file);
      return object;
    },

    async remove(key) {
      const object = objects.get(key);
      if (!object) return;
      rmSync(join(directory, recordOf(key)), { force: true });
      objects.delete(key);
      await rm(join(directory, object.file), { force: true });
    },
  };
}

// A key is hostile, so it never becomes a path.
const recordOf = (key: string): string => `${createHash('sha256').update(key).digest('hex')}.json`;

async function load(directory: string): Promise<Map<string, Stored>> {
  await mkdir(directory, { recursive: true });
  const names = await readdir(directory);
  const records = names.filter((name) => /^[0-9a-f]{64}\.json$/.test(name));
  const objects: Stored[] = [];
  // One after the other: a big bucket has more records than there may be open files.
  for (const name of records) {
    objects.push(Stored.parse(JSON.parse(await readFile(join(directory, name), 'utf8'))));
  }
  // What a crash left behind belongs to no object.
  const known = new Set([...records, ...objects.map(({ file }) => file)]);
  await Promise.all(
    names.filter((name) => !known.has(name)).map((name) => rm(join(directory, name))),
  );
  return new Map(objects.map((object) => [object.key, object]));
}

async function openObject(directory: string, objects: Map<string, Stored>, key: string) {
  for (;;) {
    const object = objects.get(key);
    if (!object) return undefined;
    try {
      return { object, file: await open(join(directory, object.file)) };
    } catch (thrown) {
      // Replaced while we were opening it: the new one is there.
      if (objects.get(key) === object) throw thrown;
    }
  }
}

async function write(path: string, body: AsyncIterable<Buffer>) {
  const md5 = createHash('md5');
  const crc32 = crc32Digest();
  let size = 0;
  async function* measured() {
    for await (const chunk of body) {
      md5.update(chunk);
      crc32.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  }
  await writeFile(path, measured(), { flag: 'wx', flush: true });
  return { size, etag: md5.digest('hex'), crc32: crc32.digest('base64') };
}

const byKey = (a: Stored, b: Stored): number =>
  Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
