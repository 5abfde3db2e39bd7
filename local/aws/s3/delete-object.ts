import { versionHeader } from './object-headers.ts';
import type { S3Request, S3Response } from './request.ts';
import { isDeleteMarker } from './store.ts';
import { wantedVersion } from './wanted-version.ts';

/** Without a version id, a bucket with versions keeps them all, below a delete marker. */
export async function deleteObject({ address, store }: S3Request): Promise<S3Response> {
  const versionId = wantedVersion(address.query);
  if (versionId === undefined) {
    const marker = await store.remove(address.key);
    if (!marker) return { status: 204 };
    return { status: 204, headers: { ...isMarker, ...versionHeader({ versioned: true }, marker) } };
  }
  const removed = await store.removeVersion(address.key, versionId);
  return {
    status: 204,
    headers: {
      ...(removed && isDeleteMarker(removed) && isMarker),
      ...versionHeader(store, { versionId }),
    },
  };
}

const isMarker = { 'x-amz-delete-marker': 'true' };
