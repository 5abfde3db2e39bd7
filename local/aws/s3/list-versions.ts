import { S3Error } from './error.ts';
import { describe } from './list-objects.ts';
import {
  echoed,
  firstOf,
  listLines,
  listParameters,
  markerOf,
  prefixElements,
} from './list-page.ts';
import { owner } from './owner.ts';
import type { S3Request, S3Response } from './request.ts';
import { isDeleteMarker, type Store, sequencerOf, type Version } from './store.ts';
import { isVersionId } from './wanted-version.ts';
import { s3Namespace, xmlDocument } from './xml.ts';

/** All versions and delete markers: by key, and of one key the newest first. */
export function listObjectVersions({ address, bucket, store }: S3Request): S3Response {
  const { query } = address;
  const parameters = listParameters(query, 'max-keys');
  const { limit, written } = parameters;
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = idMarkerOf(query);
  const isListed = isListedBefore(store, keyMarker, idMarker);
  const lines = listLines(store.versionKeys, store.versions, parameters, {
    key: keyMarker,
    isListed,
  });
  const { page, next } = firstOf(lines, limit);
  const last = page.at(-1);
  const head = {
    Name: bucket.name,
    ...echoed(query, parameters),
    KeyMarker: written(keyMarker),
    VersionIdMarker: idMarker,
    ...(next && { NextKeyMarker: written(markerOf(last)) }),
    ...(next && last && 'item' in last && { NextVersionIdMarker: last.item.versionId }),
    MaxKeys: limit,
    IsTruncated: next !== undefined,
  };
  const versions = page.flatMap((line) => {
    if (!('item' in line)) return [];
    const isLatest = store.versions(line.key)[0] === line.item;
    return [versionElement(line.item, written(line.key), isLatest)];
  });
  const prefixes = { CommonPrefixes: prefixElements(page, parameters) };
  return {
    status: 200,
    body: xmlDocument('ListVersionsResult', [head, ...versions, prefixes], s3Namespace),
  };
}

function idMarkerOf(query: URLSearchParams): string {
  const marker = query.get('version-id-marker') ?? '';
  if (marker === '') return '';
  if (!isVersionId(marker)) throw new S3Error('InvalidArgument', 'Invalid version id specified');
  if (query.get('key-marker')) return marker;
  throw new S3Error(
    'InvalidArgument',
    'A version-id marker cannot be specified without a key marker.',
  );
}

// Without a version id, the page before ended with all versions of the key. The id contains the sequencer, so it still
// has a place in the order when its version is deleted.
function isListedBefore(
  store: Store,
  key: string,
  versionId: string,
): (version: Version) => boolean {
  if (versionId === '') return () => true;
  const markerVersion = store.versions(key).find((version) => version.versionId === versionId);
  const startSequencer = markerVersion?.sequencer ?? sequencerOf(versionId);
  return ({ sequencer }) => sequencer >= startSequencer;
}

function versionElement(version: Version, key: string, isLatest: boolean) {
  const { versionId, modifiedAt } = version;
  const identity = { Key: key, VersionId: versionId, IsLatest: isLatest };
  if (!isDeleteMarker(version)) {
    return { Version: { ...identity, ...describe(version), Owner: owner } };
  }
  const LastModified = new Date(modifiedAt).toISOString();
  return { DeleteMarker: { ...identity, LastModified, Owner: owner } };
}
