import * as z from 'zod';
import { patterns } from '../domain/model/ids.ts';
import { filesProblem } from '../domain/wire/files-envelope.ts';
import type { PathParameter, ProblemEnvelope } from '../runtime/route.ts';
import * as ids from './example-ids.ts';

// What the declarations of the Files API have in common.

/** Errors of the Files API have a number instead of a name. */
export const envelope: ProblemEnvelope = { name: 'FilesError', toBody: filesProblem };

export const fileId: PathParameter = {
  description: 'The id of a stored file',
  schema: { type: 'string', pattern: patterns.hostedFileId.source },
  example: ids.hostedFileId,
};

/** The error codes that every upload can return. */
export const uploadErrors = [
  'rate_limit_exceeded',
  'invalid_request',
  'request_too_large',
  'unsupported_media_type',
  'unsupported_file_type',
  'file_quota_exceeded',
  'storage_failed',
  'internal_error',
  'service_unavailable',
] as const;

/** The same limit as for the links to results, but counted apart from them. */
export const linkThrottle = { requestsPerSecond: 500, burst: 1000 };

/** The query of a link. A missing parameter gets the same response as a wrong signature. */
export const linkQuery = z.object({
  expires: z.string().default(''),
  signature: z.string().default(''),
});

export const linkErrors = [
  'permission_denied',
  'file_not_found',
  'picture_too_large',
  'internal_error',
] as const;
