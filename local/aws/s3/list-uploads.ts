import { S3Error } from './error.ts';
import {
  echoed,
  firstOf,
  listLines,
  listParameters,
  markerOf,
  prefixElements,
} from './list-page.ts';
import { uploadOf } from './multipart-upload.ts';
import { quotedEtag } from './object-headers.ts';
import { owner } from './owner.ts';
import type { S3Request, S3Response } from './request.ts';
import { sortedKeys } from './sorted-keys.ts';
import type { Upload } from './uploads.ts';
import { s3Namespace, xmlDocument } from './xml.ts';

/** The multipart uploads that are neither complete nor aborted: by key, and of one key the oldest first. */
export function listMultipartUploads(request: S3Request): S3Response {
  const { address, bucket, store } = request;
  const { query } = address;
  const parameters = listParameters(query, 'max-uploads');
  const { limit, written } = parameters;
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  const byKey = Map.groupBy(store.uploads.list(), ({ key }) => key);
  const uploadsOf = (key: string) =>
    (byKey.get(key) ?? []).toSorted((a, b) => (a.uploadId < b.uploadId ? -1 : 1));
  const lines = listLines(sortedKeys(byKey.keys()), uploadsOf, parameters, {
    key: keyMarker,
    isListed: ({ uploadId }) => idMarker === '' || uploadId <= idMarker,
  });
  const { page, next } = firstOf(lines, limit);
  const last = page.at(-1);
  const content = {
    Bucket: bucket.name,
    KeyMarker: written(keyMarker),
    UploadIdMarker: idMarker,
    ...(next && {
      NextKeyMarker: written(markerOf(last)),
      NextUploadIdMarker: last && 'item' in last ? last.item.uploadId : '',
    }),
    ...echoed(query, parameters),
    MaxUploads: limit,
    IsTruncated: next !== undefined,
    Upload: page.flatMap((line) =>
      'item' in line
        ? [
            {
              Key: written(line.key),
              UploadId: line.item.uploadId,
              Initiated: new Date(line.item.startedAt).toISOString(),
              ...describe(line.item),
            },
          ]
        : [],
    ),
    CommonPrefixes: prefixElements(page, parameters),
  };
  return { status: 200, body: xmlDocument('ListMultipartUploadsResult', content, s3Namespace) };
}

const describe = ({ checksum }: Upload) => ({
  Initiator: owner,
  Owner: owner,
  StorageClass: 'STANDARD',
  ...(checksum && { ChecksumAlgorithm: checksum.algorithm, ChecksumType: checksum.type }),
});

/** The parts of an upload, in the order of their numbers. */
export function listParts(request: S3Request): S3Response {
  const { address, bucket, store } = request;
  const upload = uploadOf(request);
  const { limit, written } = listParameters(address.query, 'max-parts');
  const marker = Number(address.query.get('part-number-marker') ?? 0);
  if (!Number.isInteger(marker)) {
    throw new S3Error('InvalidArgument', 'Provided part-number-marker not an integer');
  }
  const laterParts = store.uploads.parts(upload).filter(({ number }) => number > marker);
  const { page, next } = firstOf(laterParts, limit);
  const content = {
    Bucket: bucket.name,
    Key: written(upload.key),
    UploadId: upload.uploadId,
    ...describe(upload),
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    MaxParts: limit,
    IsTruncated: next !== undefined,
    Part: page.map((part) => ({
      PartNumber: part.number,
      LastModified: new Date(part.modifiedAt).toISOString(),
      ETag: quotedEtag(part),
      Size: part.size,
      [`Checksum${part.algorithm}`]: part.checksum,
    })),
  };
  return { status: 200, body: xmlDocument('ListPartsResult', content, s3Namespace) };
}
