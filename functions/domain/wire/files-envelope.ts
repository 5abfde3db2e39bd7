import * as z from 'zod';
import type { Problem, ProblemCode } from '../model/problem.ts';

// The Files API is another service of the published API, with an envelope and numbers of its own.

/** The published codes that are not the HTTP status. */
const codes: { readonly [code in ProblemCode]?: number } = {
  request_too_large: 40_001,
  unsupported_file_type: 40_002,
  file_quota_exceeded: 40_003,
  file_download_failed: 40_004,
  storage_failed: 50_001,
};

/** The body of a problem in the Files API. */
export const filesProblem = (problem: Problem) => ({
  success: false,
  code: codes[problem.code] ?? problem.status,
  msg: problem.message,
});

export const FilesProblem = z
  .strictObject({
    success: z.boolean().describe('`false`'),
    code: z
      .int()
      .describe(
        'What is wrong. 40001: the file is too large. 40002: it is not a picture that is accepted. 40003: the account has as many files as it may have. 40004: `file_url` could not be fetched. 50001: the file could not be stored. Otherwise the HTTP status',
      ),
    msg: z.string().describe('For people; it may change'),
  })
  .describe('A request of the Files API that was refused');

/** The body of a response in the Files API. */
export const filesResponse = <T>(msg: string, data: T) => ({
  success: true,
  code: 200 as const,
  msg,
  data,
});

/** The schema of such a response. */
export const filesEnvelope = <T extends z.ZodType>(data: T, what: string) =>
  z
    .strictObject({
      success: z.boolean().describe('`true`'),
      code: z.literal(200),
      msg: z.string().describe('For people'),
      data,
    })
    .describe(what);
