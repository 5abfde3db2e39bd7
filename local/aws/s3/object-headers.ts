import { checksumHeader } from './digests.ts';
import type { Headers } from './http-request.ts';
import type { Store, Stored, Version } from './store.ts';

const storedHeaders =
  /^(content-(type|disposition|encoding|language)|cache-control|expires|x-amz-meta-[\w!#$%&'*+.^`|~-]+)$/;

/** The headers of an upload that are stored with the object and sent when it is read. */
export function objectHeaders(headers: Headers): Record<string, string> {
  const attributes: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const [name, value] of Object.entries(headers)) {
    if (value && storedHeaders.test(name)) attributes[name] = value;
  }
  // aws-chunked is the encoding of the request, not of the object.
  const encoding = attributes['content-encoding']?.replace(/aws-chunked(,\s*)?/i, '');
  if (encoding) attributes['content-encoding'] = encoding;
  else delete attributes['content-encoding'];
  return attributes;
}

export const quotedEtag = ({ etag }: Pick<Stored, 'etag'>): string => `"${etag}"`;

/** Whether an `If-Match` or `If-None-Match` names this object. */
export const etagMatches = (header: string, object: Stored | undefined): boolean =>
  object !== undefined &&
  header.split(',').some((tag) => ['*', object.etag].includes(tag.trim().replaceAll('"', '')));

/** The header that names a version, in a bucket that has versions. */
export const versionHeader = (
  store: Pick<Store, 'versioned'>,
  { versionId }: Pick<Version, 'versionId'>,
): Record<string, string> =>
  store.versioned || versionId !== 'null' ? { 'x-amz-version-id': versionId } : {};

/** The headers with the checksum of an object. */
export const checksumHeaders = ({ checksum }: Pick<Stored, 'checksum'>): Record<string, string> =>
  checksum
    ? {
        [checksumHeader(checksum.algorithm)]: checksum.value,
        'x-amz-checksum-type': checksum.type,
      }
    : {};
