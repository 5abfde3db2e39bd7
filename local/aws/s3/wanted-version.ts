import { S3Error } from './error.ts';
import { versionHeader } from './object-headers.ts';
import { isDeleteMarker, type Store } from './store.ts';

/** The version id in a request. @throws {S3Error} when no version can have such an id */
export function wantedVersion(query: URLSearchParams): string | undefined {
  const versionId = query.get('versionId');
  if (versionId === null) return undefined;
  if (isVersionId(versionId)) return versionId;
  throw new S3Error('InvalidArgument', 'Invalid version id specified');
}

export const isVersionId = (text: string): boolean =>
  text === 'null' || /^[0-9a-f]{32}$/.test(text);

/** Why there is no object to read under a key, or no such version of it. */
export function missingObject(store: Store, key: string, versionId: string | undefined): S3Error {
  const versions = store.versions(key);
  const found =
    versionId === undefined
      ? versions[0]
      : versions.find((version) => version.versionId === versionId);
  if (!found || !isDeleteMarker(found)) {
    return new S3Error(versionId === undefined ? 'NoSuchKey' : 'NoSuchVersion');
  }
  const headers = { 'x-amz-delete-marker': 'true', ...versionHeader(store, found) };
  if (versionId === undefined) return new S3Error('NoSuchKey', undefined, { headers });
  return new S3Error('MethodNotAllowed', undefined, { headers: { ...headers, allow: 'DELETE' } });
}
