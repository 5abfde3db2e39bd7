import { S3Error } from './error.ts';
import type { Headers } from './http-request.ts';
import { etagMatches } from './object-headers.ts';
import type { Stored } from './store.ts';

/** What an object has to be, or must not be, for a request to be carried out. */
type Conditions = {
  readonly match: string | undefined;
  readonly noneMatch: string | undefined;
  readonly modifiedSince: string | undefined;
  readonly unmodifiedSince: string | undefined;
};

/** Whether the reader has the object already. @throws {S3Error} when it is not the object that the reader wants */
export function isUnchanged(headers: Headers, object: Stored): boolean {
  return !requireConditions(
    {
      match: headers['if-match'],
      noneMatch: headers['if-none-match'],
      modifiedSince: headers['if-modified-since'],
      unmodifiedSince: headers['if-unmodified-since'],
    },
    object,
  );
}

/** @throws {S3Error} unless the source of a copy is the object that the client wants */
export function requireCopySource(headers: Headers, source: Stored): void {
  const isWanted = requireConditions(
    {
      match: headers['x-amz-copy-source-if-match'],
      noneMatch: headers['x-amz-copy-source-if-none-match'],
      modifiedSince: headers['x-amz-copy-source-if-modified-since'],
      unmodifiedSince: headers['x-amz-copy-source-if-unmodified-since'],
    },
    source,
  );
  if (!isWanted) throw new S3Error('PreconditionFailed');
}

/** @throws {S3Error} unless the object may be written over this one */
export function requireWritable(headers: Headers, existing: Stored | undefined): void {
  const match = headers['if-match'];
  const noneMatch = headers['if-none-match'];
  if (match && !existing) throw new S3Error('NoSuchKey');
  if (match && !etagMatches(match, existing)) throw new S3Error('PreconditionFailed');
  if (noneMatch && etagMatches(noneMatch, existing)) throw new S3Error('PreconditionFailed');
}

// A condition about the time counts only when there is none about the ETag, which is more exact.
function requireConditions(conditions: Conditions, object: Stored): boolean {
  const { match, noneMatch, modifiedSince, unmodifiedSince } = conditions;
  const isMet = match ? etagMatches(match, object) : !isModifiedSince(unmodifiedSince, object);
  if (!isMet) throw new S3Error('PreconditionFailed');
  if (noneMatch) return !etagMatches(noneMatch, object);
  return isModifiedSince(modifiedSince, object) || isNoDate(modifiedSince);
}

const isModifiedSince = (date: string | undefined, { modifiedAt }: Stored): boolean =>
  Math.floor(modifiedAt / 1000) > Math.floor(Date.parse(date ?? '') / 1000);

const isNoDate = (date: string | undefined): boolean => Number.isNaN(Date.parse(date ?? ''));
