import { checked, declaredChecks, sentAlgorithm } from './digests.ts';
import { S3Error } from './error.ts';
import { type Form, readForm } from './form.ts';
import { encodePath, type Headers } from './http-request.ts';
import { requireKnownHeaders } from './known-headers.ts';
import { objectHeaders, quotedEtag, versionHeader } from './object-headers.ts';
import { type Fields, requirePolicy, type SizeRange } from './policy.ts';
import type { S3Context, S3Request, S3Response } from './request.ts';
import { putObjectActions, requirePermission } from './required-actions.ts';
import type { Stored } from './store.ts';
import { xmlDocument } from './xml.ts';

/** The upload of a browser: a form with a signed policy, which permits it. */
export async function postObject(
  { bucket, headers, body, store }: Pick<S3Request, 'bucket' | 'headers' | 'body' | 'store'>,
  { credentials, authorize, now }: S3Context,
): Promise<S3Response> {
  const form = await readForm(headers['content-type'] ?? '', body);
  const fields = expanded(form, bucket.name);
  const key = requireKey(fields);
  const { range, signer } = requirePolicy(fields, credentials, now());
  requirePermission(authorize, signer, putObjectActions(bucket.name, key));
  const values = Object.fromEntries(fields);
  requireKnownFields(values);
  const object = await store.put({
    key,
    headers: objectHeaders(values),
    body: checked(limited(form.file, range), declaredChecks(values, new Map())),
    algorithm: sentAlgorithm(values),
  });
  const response = responseFor(fields, object, bucket.name, headers['host'] ?? '');
  return {
    ...response,
    headers: { ...response.headers, ...versionHeader(store, object) },
    created: { event: 'ObjectCreated:Post', object },
  };
}

// The policy is checked against the bucket of the address, not that of the form's field, and against the
// fields in which ${filename} is already replaced.
function expanded({ fields, filename }: Form, bucket: string): Fields {
  const placeholder = '$' + '{filename}';
  const values = [...fields].map(
    ([name, value]) => [name, value.replaceAll(placeholder, () => filename)] as const,
  );
  return new Map([...values, ['bucket', bucket]]);
}

function requireKey(fields: Fields): string {
  const key = fields.get('key');
  if (!key) throw new S3Error('InvalidArgument', "Bucket POST must contain a field named 'key'.");
  if (Buffer.byteLength(key) > 1024) throw new S3Error('KeyTooLongError');
  return key;
}

function requireKnownFields(values: Headers): void {
  const unknown = ['acl', 'redirect', 'success_action_redirect', 'tagging'].find(
    (name) => values[name] !== undefined,
  );
  if (unknown)
    throw new S3Error('NotImplemented', `This S3 does not know ${unknown} of PostObject.`);
  requireKnownHeaders('PostObject', knownFields, values);
}

const knownFields = [
  'x-amz-checksum-crc32',
  'x-amz-checksum-sha1',
  'x-amz-checksum-sha256',
  'x-amz-meta-*',
  'x-amz-storage-class',
];

/** Passes the file through. @throws {S3Error} as soon as it is too big, or at its end when it is too small */
async function* limited(
  file: AsyncIterable<Buffer>,
  { min, max }: SizeRange,
): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of file) {
    size += chunk.length;
    if (size > max) throw new S3Error('EntityTooLarge');
    yield chunk;
  }
  if (size < min) throw new S3Error('EntityTooSmall');
}

function responseFor(fields: Fields, object: Stored, bucket: string, host: string): S3Response {
  const location = `http://${host}/${encodePath(`${bucket}/${object.key}`)}`;
  const headers = { etag: quotedEtag(object), location };
  switch (fields.get('success_action_status')) {
    case '200':
      return { status: 200, headers };
    case '201': {
      const content = {
        Location: location,
        Bucket: bucket,
        Key: object.key,
        ETag: quotedEtag(object),
      };
      return { status: 201, headers, body: xmlDocument('PostResponse', content) };
    }
    default:
      return { status: 204, headers };
  }
}
