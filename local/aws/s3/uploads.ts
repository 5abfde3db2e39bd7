import { randomBytes } from 'node:crypto';
import { createReadStream, renameSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { readJsonFile } from '../json-file.ts';
import { discard, writeData, writeDraft } from './data-file.ts';
import { Algorithm } from './digests.ts';
import { S3Error } from './error.ts';

const Upload = z.object({
  /** Ids grow with the time of the start. */
  uploadId: z.string(),
  key: z.string(),
  startedAt: z.number(),
  /** The headers of the object that will be made of it. */
  headers: z.record(z.string(), z.string()),
  /** The checksum that the client wants for the object. */
  checksum: z
    .object({ algorithm: Algorithm, type: z.enum(['FULL_OBJECT', 'COMPOSITE']) })
    .optional(),
});
export type Upload = Readonly<z.infer<typeof Upload>>;

const Part = z.object({
  number: z.number(),
  file: z.string(),
  size: z.number(),
  /** MD5 in hex. */
  etag: z.string(),
  algorithm: Algorithm,
  checksum: z.string(),
  modifiedAt: z.number(),
});
export type Part = Readonly<z.infer<typeof Part>>;

type PartContent = {
  readonly number: number;
  readonly body: AsyncIterable<Buffer>;
  readonly algorithm: Algorithm;
};

/** The multipart uploads of a bucket that are not yet complete. They survive a restart. */
export type Uploads = {
  list(): readonly Upload[];
  /** @throws {S3Error} when there is none */
  find(key: string, uploadId: string): Upload;
  /** In the order of their numbers. */
  parts(upload: Upload): readonly Part[];
  start(upload: Pick<Upload, 'key' | 'headers' | 'checksum'>): Promise<Upload>;
  /** Replaces the part with the same number. */
  putPart(upload: Upload, content: PartContent): Promise<Part>;
  /** Nobody else can change or complete the upload meanwhile. It is gone afterwards, unless `assemble` throws. */
  complete<T>(upload: Upload, assemble: () => Promise<T>): Promise<T>;
  abort(upload: Upload): Promise<void>;
  read(parts: readonly Part[]): AsyncIterable<Buffer>;
};

type OpenUpload = { readonly upload: Upload; readonly parts: Map<number, Part> };

/** `files` are the names of all files that belong to uploads. */
export async function openUploads(
  directory: string,
  now: () => number,
): Promise<{ readonly uploads: Uploads; readonly files: readonly string[] }> {
  const open = await load(directory);
  const partsOf = ({ uploadId }: Upload) =>
    [...(open.get(uploadId)?.parts.values() ?? [])].toSorted((a, b) => a.number - b.number);
  const removeFiles = async ({ upload, parts }: OpenUpload) => {
    // The record goes first: parts without a record are deleted at the next start, should the process end here.
    rmSync(join(directory, uploadRecord(upload)), { force: true });
    const files = [...parts.values()].flatMap((part) => filesOf(upload, part));
    await Promise.all(files.map((file) => discard(directory, file)));
  };

  const uploads: Uploads = {
    list: () => [...open.values()].map(({ upload }) => upload),

    find: (key, uploadId) => {
      const upload = open.get(uploadId)?.upload;
      if (upload?.key !== key) throw new S3Error('NoSuchUpload');
      return upload;
    },

    parts: partsOf,

    async start({ key, headers, checksum }) {
      const startedAt = now();
      const upload = { uploadId: newUploadId(startedAt), key, startedAt, headers, checksum };
      const draft = await writeDraft(directory, upload);
      renameSync(join(directory, draft), join(directory, uploadRecord(upload)));
      open.set(upload.uploadId, { upload, parts: new Map() });
      return upload;
    },

    async putPart(upload, { number, body, algorithm }) {
      const data = await writeData(directory, body, algorithm);
      const { file, size, md5, checksum } = data;
      const part = { number, file, size, etag: md5, algorithm, checksum, modifiedAt: now() };
      const draft = await writeDraft(directory, part);
      const parts = open.get(upload.uploadId)?.parts;
      if (!parts) {
        await Promise.all([file, draft].map((name) => discard(directory, name)));
        throw new S3Error('NoSuchUpload');
      }
      const replaced = parts.get(number);
      renameSync(join(directory, draft), join(directory, partRecord(upload, number)));
      parts.set(number, part);
      if (replaced) await discard(directory, replaced.file);
      return part;
    },

    async complete(upload, assemble) {
      const taken = open.get(upload.uploadId);
      if (!taken) throw new S3Error('NoSuchUpload');
      open.delete(upload.uploadId);
      try {
        const result = await assemble();
        await removeFiles(taken);
        return result;
      } catch (thrown) {
        open.set(upload.uploadId, taken);
        throw thrown;
      }
    },

    async abort({ uploadId }) {
      const aborted = open.get(uploadId);
      open.delete(uploadId);
      if (aborted) await removeFiles(aborted);
    },

    async *read(parts) {
      for (const { file } of parts) yield* createReadStream(join(directory, file));
    },
  };

  const files = [...open.values()].flatMap(({ upload, parts }) => [
    uploadRecord(upload),
    ...[...parts.values()].flatMap((part) => filesOf(upload, part)),
  ]);
  return { uploads, files };
}

const newUploadId = (startedAt: number): string =>
  startedAt.toString(16).padStart(12, '0') + randomBytes(10).toString('hex');

const uploadRecord = ({ uploadId }: Upload): string => `${uploadId}.upload.json`;
const partRecord = ({ uploadId }: Upload, number: number): string =>
  `${uploadId}.${number}.part.json`;
const filesOf = (upload: Upload, { number, file }: Part): readonly string[] => [
  partRecord(upload, number),
  file,
];

async function load(directory: string): Promise<Map<string, OpenUpload>> {
  const names = await readdir(directory);
  const open = new Map<string, OpenUpload>();
  for (const name of names.filter((file) => /^[0-9a-f]{32}\.upload\.json$/.test(file))) {
    const upload = readJsonFile(Upload, join(directory, name));
    open.set(upload.uploadId, { upload, parts: new Map() });
  }
  for (const name of names) {
    const [, uploadId = ''] = /^([0-9a-f]{32})\.\d+\.part\.json$/.exec(name) ?? [];
    const parts = open.get(uploadId)?.parts;
    if (!parts) continue;
    const part = readJsonFile(Part, join(directory, name));
    parts.set(part.number, part);
  }
  return open;
}
