import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { S3Error } from './error.ts';
import type { S3Response } from './request.ts';
import { xmlDocument } from './xml.ts';

/** The XML that the SDK turns into an error with the name of the code. */
export function errorResponse(error: S3Error, { url = '/' }: IncomingMessage): S3Response {
  const [resource = '/'] = url.split('?');
  const content = { Code: error.code, Message: error.message, Resource: resource };
  return { status: error.status, headers: error.headers, body: xmlDocument('Error', content) };
}

export async function sendResponse(
  { method }: IncomingMessage,
  response: ServerResponse,
  { status, headers = {}, body }: S3Response,
): Promise<void> {
  response.statusCode = status;
  response.setHeader('x-amz-request-id', randomBytes(8).toString('hex').toUpperCase());
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, headerText(value));
  if (typeof body === 'object') return pipeline(body, response).catch(ignoreClosedConnection);
  if (body === undefined || method === 'HEAD') {
    response.end();
    return;
  }
  response.setHeader('content-type', 'application/xml');
  response.end(body);
}

function ignoreClosedConnection(cause: NodeJS.ErrnoException): void {
  if (cause.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw cause;
}

// Some values come from a form or a query and may contain characters that a header cannot.
function headerText(value: string): string {
  const line = value.replace(/[^\t\x20-\x7e\u0080-\u{10ffff}]/gu, ' ');
  return [...line].every((char) => char <= '\u00ff') ? line : Buffer.from(line).toString('latin1');
}
