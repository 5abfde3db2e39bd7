import type { FileHandle } from 'node:fs/promises';
import { S3Error } from './error.ts';
import { decode, type Headers } from './http-request.ts';
import { versionHeader } from './object-headers.ts';
import { requireCopySource } from './preconditions.ts';
import type { S3Context } from './request.ts';
import { isDeleteMarker, type Stored, type Version } from './store.ts';
import { wantedVersion } from './wanted-version.ts';

type CopySource = {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
};

/** Parses the header `x-amz-copy-source`: `bucket/key?versionId=…`. */
export function parseCopySource(headers: Headers): CopySource {
  const [path = '', parameters] = (headers['x-amz-copy-source'] ?? '').split('?');
  const [bucket = '', ...key] = decode(path).replace(/^\//, '').split('/');
  return { bucket, key: key.join('/'), versionId: wantedVersion(new URLSearchParams(parameters)) };
}

/** Opens the object that is to be copied. @throws {S3Error} when it is missing, or not the one that is wanted */
export async function openCopySource(
  headers: Headers,
  { stores }: S3Context,
): Promise<{
  readonly object: Stored;
  readonly file: FileHandle;
  /** The header that says which version was copied. */
  readonly versionHeaders: Record<string, string>;
}> {
  const { bucket, key, versionId } = parseCopySource(headers);
  const store = stores.get(bucket);
  if (!store) throw new S3Error('NoSuchBucket');
  const source = await store.open(key, versionId);
  if (!source) throw missingSource(store.versions(key), versionId);
  try {
    requireCopySource(headers, source.object);
  } catch (thrown) {
    await source.file.close();
    throw thrown;
  }
  const named = versionHeader(store, source.object)['x-amz-version-id'];
  return { ...source, versionHeaders: named ? { 'x-amz-copy-source-version-id': named } : {} };
}

function missingSource(versions: readonly Version[], versionId: string | undefined): S3Error {
  if (versionId === undefined) return new S3Error('NoSuchKey');
  const found = versions.find((version) => version.versionId === versionId);
  if (!found || !isDeleteMarker(found)) return new S3Error('NoSuchVersion');
  return new S3Error('InvalidRequest', 'The source of a copy may not be a delete marker.');
}
