import { S3Error } from './error.ts';
import { checksumHeaders, quotedEtag, versionHeader } from './object-headers.ts';
import { isUnchanged } from './preconditions.ts';
import type { S3Request, S3Response } from './request.ts';
import type { Stored } from './store.ts';
import { missingObject, wantedVersion } from './wanted-version.ts';

export async function getObject(request: S3Request): Promise<S3Response> {
  const { address, store } = request;
  const versionId = wantedVersion(address.query);
  const found = await store.open(address.key, versionId);
  if (!found) throw missingObject(store, address.key, versionId);
  const { object, file } = found;
  try {
    const { response, range } = describe(request, object);
    if (response.status === 304) {
      await file.close();
      return response;
    }
    const span = range && { start: range.first, end: range.last };
    return { ...response, body: file.createReadStream(span) };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

export function headObject(request: S3Request): S3Response {
  const { address, store } = request;
  const versionId = wantedVersion(address.query);
  const object = store.find(address.key, versionId);
  if (!object) throw missingObject(store, address.key, versionId);
  return describe(request, object).response;
}

function describe(
  { address, headers, store }: S3Request,
  object: Stored,
): { readonly response: S3Response; readonly range: Range | undefined } {
  const identity = {
    etag: quotedEtag(object),
    'last-modified': new Date(object.modifiedAt).toUTCString(),
    ...versionHeader(store, object),
  };
  if (isUnchanged(headers, object)) {
    return { response: { status: 304, headers: identity }, range: undefined };
  }

  const range = rangeOf(headers['range'], object.size);
  const length = range ? range.last - range.first + 1 : object.size;
  const response = {
    status: range ? 206 : 200,
    headers: {
      ...object.headers,
      ...overrides(address.query),
      ...identity,
      'accept-ranges': 'bytes',
      'content-length': String(length),
      ...(range && { 'content-range': `bytes ${range.first}-${range.last}/${object.size}` }),
      // The checksum of the whole object, so only with the whole object.
      ...(!range && headers['x-amz-checksum-mode'] && checksumHeaders(object)),
    },
  };
  return { response, range };
}

const overridable =
  /^response-(content-(?:type|disposition|encoding|language)|cache-control|expires)$/;

const overrides = (query: URLSearchParams): Record<string, string> =>
  Object.fromEntries(
    [...query].flatMap(([parameter, value]) => {
      const name = overridable.exec(parameter)?.[1];
      return name ? [[name, value]] : [];
    }),
  );

/** The first and the last byte of a range. */
type Range = { readonly first: number; readonly last: number };

/** Parses a Range header. Several ranges, or an invalid one, mean the whole object, as on S3. */
function rangeOf(header: string | undefined, size: number): Range | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === undefined || to === undefined || from + to === '') return undefined;
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined;

  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  if (first >= size) throw new S3Error('InvalidRange');
  return { first, last: from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1) };
}
