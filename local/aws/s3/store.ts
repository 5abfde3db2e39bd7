import { createHash, randomBytes } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { readJsonFile } from '../json-file.ts';
import { type DataFile, discard, writeData, writeDraft } from './data-file.ts';
import { Algorithm } from './digests.ts';
import { type SortedKeys, sortedKeys } from './sorted-keys.ts';
import { openUploads, type Uploads } from './uploads.ts';

const Checksum = z.object({
  algorithm: Algorithm,
  /** Of the whole object, or of the checksums of its parts. */
  type: z.enum(['FULL_OBJECT', 'COMPOSITE']),
  value: z.string(),
});
export type Checksum = Readonly<z.infer<typeof Checksum>>;

const Identity = z.object({
  key: z.string(),
  /** `null` for what was written while the bucket had no versions. */
  versionId: z.string().default('null'),
  modifiedAt: z.number(),
  /** Grows with every write to the bucket, also across restarts. */
  sequencer: z.number(),
});
const Stored = Identity.extend({
  /** The name of the file with the bytes; every write uses a new file. */
  file: z.string(),
  size: z.number(),
  etag: z.string(),
  checksum: Checksum.optional(),
  /** The headers that are sent when the object is read. */
  headers: z.record(z.string(), z.string()),
});
const DeleteMarker = Identity.extend({ isDeleteMarker: z.literal(true) });

/** A version of an object that has bytes. */
export type Stored = Readonly<z.infer<typeof Stored>>;
/** A version which says that the object was deleted. */
export type DeleteMarker = Readonly<z.infer<typeof DeleteMarker>>;
export type Version = Stored | DeleteMarker;

export const isDeleteMarker = (version: Version): version is DeleteMarker =>
  'isDeleteMarker' in version;

type Content = {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer>;
  /** The checksum that is computed and stored; CRC32 if there is none. */
  readonly algorithm?: Algorithm | undefined;
  /** The ETag and checksum to store, if they are not computed from the bytes. Throws if the bytes do not match. */
  readonly identify?: (written: DataFile) => Pick<Stored, 'etag' | 'checksum'>;
  /** Called right before the write; throws when it must not happen. */
  readonly allow?: (existing: Stored | undefined) => void;
};

type Options = {
  readonly now: () => number;
  /** Whether a write keeps the version that it replaces. */
  readonly versioned?: boolean | undefined;
};

/** The objects of one bucket. Each version has a JSON record, without which it does not exist, and a file with its bytes. */
export type Store = {
  readonly versioned: boolean;
  readonly uploads: Uploads;
  /** The keys that have an object. */
  readonly keys: SortedKeys;
  /** The keys that have any version, also those whose object is deleted. */
  readonly versionKeys: SortedKeys;
  /** Without a version id the object that is read under the key. */
  find(key: string, versionId?: string): Stored | undefined;
  /** The newest is first. */
  versions(key: string): readonly Version[];
  open(
    key: string,
    versionId?: string,
  ): Promise<{ readonly object: Stored; readonly file: FileHandle } | undefined>;
  put(content: Content): Promise<Stored>;
  /** Deletes the object. Returns the delete marker that hides its versions, if the bucket keeps versions. */
  remove(key: string): Promise<DeleteMarker | undefined>;
  /** Deletes a version for good, and returns it. */
  removeVersion(key: string, versionId: string): Promise<Version | undefined>;
};

export async function openStore(
  directory: string,
  { now, versioned = false }: Options,
): Promise<Store> {
  const { versions, records } = await loadVersions(directory);
  const { uploads, files } = await openUploads(directory, now);
  await removeOthers(directory, new Set([...records, ...files]));

  const all = [...versions.values()].flat();
  let sequencer = all.reduce((last, version) => Math.max(last, version.sequencer), 0);
  const versionsOf = (key: string) => versions.get(key) ?? [];
  const find = (key: string, versionId?: string) =>
    versionId === undefined ? currentOf(versionsOf(key)) : objectAt(versionsOf(key), versionId);
  const keys = sortedKeys([...versions.keys()].filter((key) => find(key)));
  const versionKeys = sortedKeys(versions.keys());

  const nextIdentity = (key: string) => {
    sequencer = Math.max(sequencer + 1, now() * 1000);
    const versionId = versioned ? newVersionId(sequencer) : 'null';
    return { key, versionId, modifiedAt: now(), sequencer };
  };
  const setVersions = (key: string, list: readonly Version[]) => {
    if (list.length > 0) versions.set(key, list);
    else versions.delete(key);
    versionKeys[list.length > 0 ? 'add' : 'remove'](key);
    keys[currentOf(list) ? 'add' : 'remove'](key);
  };
  // Synchronous, so that disk and memory agree and nothing changes between `allow` and the write.
  const commit = (version: Version, draft: string, allow?: Content['allow']) => {
    const { key } = version;
    allow?.(find(key));
    const replaced = versionsOf(key).find(({ versionId }) => versionId === version.versionId);
    // Of two writes at the same time the one with the higher sequencer counts.
    if (replaced && replaced.sequencer > version.sequencer) {
      rmSync(join(directory, draft));
      return version;
    }
    renameSync(join(directory, draft), join(directory, recordOf(version)));
    const others = versionsOf(key).filter((other) => other !== replaced);
    setVersions(key, [...others, version].toSorted(newestFirst));
    return replaced;
  };

  const store: Store = {
    versioned,
    uploads,
    keys,
    versionKeys,
    find,
    versions: versionsOf,

    open: (key, versionId) => openObject(directory, () => find(key, versionId)),

    async put({ key, headers, body, algorithm = 'CRC32', identify, allow }) {
      const data = await writeData(directory, body, algorithm);
      const drafts: string[] = [];
      let object: Stored;
      let superfluous: Version | undefined;
      try {
        const { file, size, md5, checksum: value } = data;
        const { etag, checksum } = identify?.(data) ?? {
          etag: md5,
          checksum: { algorithm, type: 'FULL_OBJECT', value },
        };
        object = { ...nextIdentity(key), file, size, etag, checksum, headers };
        const draft = await writeDraft(directory, object);
        drafts.push(draft);
        superfluous = commit(object, draft, allow);
      } catch (thrown) {
        await Promise.all([data.file, ...drafts].map((file) => discard(directory, file)));
        throw thrown;
      }
      if (superfluous) await discardBytes(directory, superfluous);
      return object;
    },

    async remove(key) {
      const hasOthers = versionsOf(key).some(({ versionId }) => versionId !== 'null');
      if (!versioned && !hasOthers) {
        await store.removeVersion(key, 'null');
        return undefined;
      }
      const marker: DeleteMarker = { ...nextIdentity(key), isDeleteMarker: true };
      const replaced = commit(marker, await writeDraft(directory, marker));
      if (replaced) await discardBytes(directory, replaced);
      return marker;
    },

    async removeVersion(key, versionId) {
      const version = versionsOf(key).find((candidate) => candidate.versionId === versionId);
      if (!version) return undefined;
      rmSync(join(directory, recordOf(version)), { force: true });
      setVersions(
        key,
        versionsOf(key).filter((other) => other !== version),
      );
      await discardBytes(directory, version);
      return version;
    },
  };
  return store;
}

function currentOf(versions: readonly Version[]): Stored | undefined {
  const [newest] = versions;
  return newest && !isDeleteMarker(newest) ? newest : undefined;
}

function objectAt(versions: readonly Version[], versionId: string): Stored | undefined {
  const version = versions.find((candidate) => candidate.versionId === versionId);
  return version && !isDeleteMarker(version) ? version : undefined;
}

const newestFirst = (a: Version, b: Version): number => b.sequencer - a.sequencer;

const sequencerDigits = 16;

// The sequencer makes ids comparable, so that a list can continue after a version that was deleted.
const newVersionId = (sequencer: number): string =>
  sequencer.toString(16).padStart(sequencerDigits, '0') + randomBytes(8).toString('hex');

/** The sequencer in a version id; the version itself may be deleted. */
export const sequencerOf = (versionId: string): number =>
  Number.parseInt(versionId.slice(0, sequencerDigits), 16);

// A key may be any text, also `../…`, so it is never used as a path.
function recordOf({ key, versionId }: Version): string {
  const name = createHash('sha256').update(key).digest('hex');
  return versionId === 'null' ? `${name}.json` : `${name}.${versionId}.json`;
}

const discardBytes = async (directory: string, version: Version): Promise<void> => {
  if (!isDeleteMarker(version)) await discard(directory, version.file);
};

const recordName = /^[0-9a-f]{64}(\.[0-9a-f]{32})?\.json$/;

async function loadVersions(directory: string) {
  await mkdir(directory, { recursive: true });
  const records = (await readdir(directory)).filter((name) => recordName.test(name));
  const loaded: Version[] = [];
  // One after the other: a big bucket has more records than files may be open.
  for (const name of records) {
    loaded.push(readJsonFile(z.union([DeleteMarker, Stored]), join(directory, name)));
  }
  const byKey = Map.groupBy(loaded.toSorted(newestFirst), ({ key }) => key);
  const versions: Map<string, readonly Version[]> = new Map(byKey);
  const files = loaded.flatMap((version) => (isDeleteMarker(version) ? [] : [version.file]));
  return { versions, records: [...records, ...files] };
}

// Files that a crash left behind belong to nothing.
async function removeOthers(directory: string, known: ReadonlySet<string>): Promise<void> {
  const others = (await readdir(directory)).filter((name) => !known.has(name));
  await Promise.all(others.map((name) => rm(join(directory, name))));
}

async function openObject(directory: string, find: () => Stored | undefined) {
  for (;;) {
    const object = find();
    if (!object) return undefined;
    try {
      return { object, file: await open(join(directory, object.file)) };
    } catch (thrown) {
      // The object was replaced while its file was being opened: try the new one.
      if (find() === object) throw thrown;
    }
  }
}
