import { createHash } from 'node:crypto';
import type { DataFile } from './data-file.ts';
import { Algorithm, checked, checksumHeader, startDigest } from './digests.ts';
import { S3Error } from './error.ts';
import { encodePath, type Headers } from './http-request.ts';
import { uploadOf } from './multipart-upload.ts';
import { quotedEtag, versionHeader } from './object-headers.ts';
import { requireWritable } from './preconditions.ts';
import { readXml, textOf } from './read-xml.ts';
import type { S3Request, S3Response } from './request.ts';
import { payloadChecks } from './request-body.ts';
import { text } from './scanner.ts';
import type { Checksum, Stored } from './store.ts';
import type { Part, Upload } from './uploads.ts';
import { s3Namespace, xmlDocument } from './xml.ts';

/** Makes one object of the parts that the client lists. */
export async function completeMultipartUpload(request: S3Request): Promise<S3Response> {
  const { address, bucket, headers, store } = request;
  const upload = uploadOf(request);
  const listed = listedParts(await readBody(request));
  requireChecksumType(headers, upload);

  const parts = chosenParts(listed, store.uploads.parts(upload), upload);
  const object = await store.uploads.complete(upload, () =>
    store.put({
      key: address.key,
      headers: upload.headers,
      body: store.uploads.read(parts),
      algorithm: upload.checksum?.algorithm,
      identify: (written) => {
        const identity = identify(parts, upload, written);
        requireAnnounced(headers, identity.checksum, written.size);
        return identity;
      },
      allow: (existing) => requireWritable(headers, existing),
    }),
  );
  const location = `http://${headers['host'] ?? ''}/${encodePath(`${bucket.name}/${object.key}`)}`;
  return {
    status: 200,
    headers: versionHeader(store, object),
    body: xmlDocument(
      'CompleteMultipartUploadResult',
      {
        Location: location,
        Bucket: bucket.name,
        Key: object.key,
        ETag: quotedEtag(object),
        ...checksumElements(object),
      },
      s3Namespace,
    ),
    created: { event: 'ObjectCreated:CompleteMultipartUpload', object },
  };
}

// Enough for ten thousand parts, each with its ETag and checksum.
const maxBodyBytes = 8 * 1024 * 1024;

// The checksums in the headers are those of the object and not of this body.
const readBody = ({ body, payload }: S3Request): Promise<string> =>
  text(checked(body, payloadChecks(payload)), maxBodyBytes, () => new S3Error('MalformedXML'));

type ListedPart = {
  readonly number: number;
  readonly etag: string;
  readonly checksums: ReadonlyMap<string, string>;
};

function listedParts(document: string): readonly ListedPart[] {
  const root = readXml(document);
  const parts = root.children.map((element) => {
    const number = Number(textOf(element, 'PartNumber'));
    const etag = textOf(element, 'ETag')?.replaceAll('"', '');
    if (element.name !== 'Part' || !Number.isInteger(number) || !etag) {
      throw new S3Error('MalformedXML');
    }
    const checksums = element.children.filter(({ name }) => name.startsWith('Checksum'));
    return { number, etag, checksums: new Map(checksums.map((one) => [one.name, one.text])) };
  });
  if (root.name === 'CompleteMultipartUpload' && parts.length > 0) return parts;
  throw new S3Error('MalformedXML');
}

const minPartBytes = 5 * 1024 * 1024;

function chosenParts(
  listed: readonly ListedPart[],
  uploaded: readonly Part[],
  upload: Upload,
): readonly Part[] {
  const byNumber = new Map(uploaded.map((part) => [part.number, part]));
  const parts = listed.map((wanted, index) => {
    const before = listed[index - 1];
    if (before && before.number >= wanted.number) throw new S3Error('InvalidPartOrder');
    const part = byNumber.get(wanted.number);
    if (part?.etag !== wanted.etag) throw new S3Error('InvalidPart');
    requirePartChecksum(wanted, part, upload);
    return part;
  });
  if (parts.slice(0, -1).some(({ size }) => size < minPartBytes)) {
    throw new S3Error('EntityTooSmall');
  }
  return parts;
}

function requirePartChecksum(wanted: ListedPart, part: Part, { checksum }: Upload): void {
  for (const [name, value] of wanted.checksums) {
    if (name !== `Checksum${part.algorithm}` || value !== part.checksum) {
      throw new S3Error('InvalidPart');
    }
  }
  if (checksum?.type === 'COMPOSITE' && wanted.checksums.size === 0) {
    throw new S3Error(
      'InvalidRequest',
      `The upload was created using a ${checksum.algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${wanted.number} in the request.`,
    );
  }
}

/** The ETag is the MD5 of the parts' MD5s. A composite checksum is made of the parts' checksums in the same way. */
function identify(
  parts: readonly Part[],
  { checksum }: Upload,
  written: DataFile,
): Pick<Stored, 'etag' | 'checksum'> {
  const md5 = createHash('md5');
  for (const { etag } of parts) md5.update(Buffer.from(etag, 'hex'));
  const { algorithm, type } = checksum ?? { algorithm: 'CRC32', type: 'FULL_OBJECT' };
  const value = type === 'COMPOSITE' ? composite(parts, algorithm) : written.checksum;
  return {
    etag: `${md5.digest('hex')}-${parts.length}`,
    checksum: { algorithm, type, value },
  };
}

function composite(parts: readonly Part[], algorithm: Algorithm): string {
  const digest = startDigest(algorithm);
  for (const { checksum } of parts) digest.update(Buffer.from(checksum, 'base64'));
  return `${digest.digest('base64')}-${parts.length}`;
}

function requireChecksumType(headers: Headers, { checksum }: Upload): void {
  const type = headers['x-amz-checksum-type'];
  if (type !== undefined && type !== checksum?.type) {
    throw new S3Error('InvalidRequest', 'The checksum type is not the one the upload began with.');
  }
}

function requireAnnounced(headers: Headers, checksum: Checksum | undefined, size: number): void {
  const announcedSize = headers['x-amz-mp-object-size'];
  if (announcedSize !== undefined && announcedSize !== String(size)) {
    throw new S3Error(
      'InvalidRequest',
      `The provided 'x-amz-mp-object-size' header value ${announcedSize} does not match what was computed: ${size}`,
    );
  }
  for (const algorithm of Algorithm.options) {
    const announced = headers[checksumHeader(algorithm)];
    const isRight = algorithm === checksum?.algorithm && announced === checksum.value;
    if (announced !== undefined && !isRight) throw new S3Error('BadDigest');
  }
}

const checksumElements = ({ checksum }: Stored): Record<string, string> =>
  checksum
    ? { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type }
    : {};
