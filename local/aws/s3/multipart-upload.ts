import { openCopySource } from './copy-source.ts';
import { Algorithm, checksumHeader, sentAlgorithm } from './digests.ts';
import { S3Error } from './error.ts';
import type { Headers } from './http-request.ts';
import { objectHeaders, quotedEtag } from './object-headers.ts';
import type { S3Context, S3Request, S3Response } from './request.ts';
import { verifiedBody } from './request-body.ts';
import type { Upload } from './uploads.ts';
import { s3Namespace, xmlDocument } from './xml.ts';

export async function createMultipartUpload(request: S3Request): Promise<S3Response> {
  const { address, bucket, headers, store } = request;
  const checksum = wantedChecksum(headers);
  const upload = await store.uploads.start({
    key: address.key,
    headers: objectHeaders(headers),
    checksum,
  });
  const content = { Bucket: bucket.name, Key: upload.key, UploadId: upload.uploadId };
  return {
    status: 200,
    headers: checksum
      ? {
          'x-amz-checksum-algorithm': checksum.algorithm,
          'x-amz-checksum-type': checksum.type,
        }
      : {},
    body: xmlDocument('InitiateMultipartUploadResult', content, s3Namespace),
  };
}

/** The checksum that the client wants for the object. By default S3 makes a checksum of the parts' checksums. */
function wantedChecksum(headers: Headers): Upload['checksum'] {
  const name = headers['x-amz-checksum-algorithm'];
  const type = headers['x-amz-checksum-type']?.toUpperCase() ?? 'COMPOSITE';
  if (name === undefined) {
    if (headers['x-amz-checksum-type'] === undefined) return undefined;
    throw new S3Error('InvalidRequest', 'A checksum type needs a checksum algorithm.');
  }
  const algorithm = Algorithm.safeParse(name.toUpperCase()).data;
  if (!algorithm) throw new S3Error('NotImplemented', `This S3 cannot compute ${name}.`);
  if (type !== 'COMPOSITE' && type !== 'FULL_OBJECT') {
    throw new S3Error('InvalidRequest', 'Value for x-amz-checksum-type header is invalid.');
  }
  if (type === 'FULL_OBJECT' && algorithm !== 'CRC32') {
    throw new S3Error(
      'InvalidRequest',
      `The FULL_OBJECT checksum type cannot be used with the ${name.toLowerCase()} checksum algorithm.`,
    );
  }
  return { algorithm, type };
}

export async function uploadPart(request: S3Request): Promise<S3Response> {
  const { headers, store } = request;
  const upload = uploadOf(request);
  const part = await store.uploads.putPart(upload, {
    number: partNumberOf(request),
    body: verifiedBody(request),
    algorithm: partAlgorithm(upload, headers),
  });
  return {
    status: 200,
    headers: { etag: quotedEtag(part), [checksumHeader(part.algorithm)]: part.checksum },
  };
}

function partAlgorithm({ checksum }: Upload, headers: Headers): Algorithm {
  const sent = sentAlgorithm(headers);
  const isOptional = checksum?.type !== 'COMPOSITE' && sent === undefined;
  if (checksum && !isOptional && sent !== checksum.algorithm) {
    throw new S3Error(
      'InvalidRequest',
      `Checksum Type mismatch occurred, expected checksum Type: ${checksum.algorithm.toLowerCase()}, actual checksum Type: ${sent?.toLowerCase() ?? 'null'}`,
    );
  }
  return checksum?.algorithm ?? sent ?? 'CRC32';
}

export async function uploadPartCopy(request: S3Request, context: S3Context): Promise<S3Response> {
  const { headers, store } = request;
  const upload = uploadOf(request);
  const number = partNumberOf(request);
  const { object, file, versionHeaders } = await openCopySource(headers, context);
  await using source = file;
  const range = copiedRange(headers['x-amz-copy-source-range'], object.size);
  const part = await store.uploads.putPart(upload, {
    number,
    body: source.createReadStream({ ...range, autoClose: false }),
    algorithm: upload.checksum?.algorithm ?? 'CRC32',
  });
  const content = {
    ETag: quotedEtag(part),
    LastModified: new Date(part.modifiedAt).toISOString(),
    ...(upload.checksum && { [`Checksum${part.algorithm}`]: part.checksum }),
  };
  return {
    status: 200,
    headers: versionHeaders,
    body: xmlDocument('CopyPartResult', content, s3Namespace),
  };
}

function copiedRange(header: string | undefined, size: number) {
  if (header === undefined) return {};
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header) ?? [];
  const range = { start: Number(first), end: Number(last) };
  if (range.start <= range.end && range.end < size) return range;
  throw new S3Error(
    'InvalidArgument',
    `Range specified is not valid for source object of size: ${size}`,
  );
}

export async function abortMultipartUpload(request: S3Request): Promise<S3Response> {
  await request.store.uploads.abort(uploadOf(request));
  return { status: 204 };
}

/** The upload that a request names. @throws {S3Error} when there is none under its key */
export const uploadOf = ({ address, store }: S3Request): Upload =>
  store.uploads.find(address.key, address.query.get('uploadId') ?? '');

function partNumberOf({ address }: S3Request): number {
  const text = address.query.get('partNumber') ?? '';
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= 10_000) return number;
  throw new S3Error(
    'InvalidArgument',
    'Part number must be an integer between 1 and 10000, inclusive',
  );
}
