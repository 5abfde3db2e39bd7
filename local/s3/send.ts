import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Reply } from './call.ts';
import type { Fault } from './fault.ts';
import { xmlDocument } from './xml.ts';

/** The XML that the SDK turns into an error of that name. */
export function faultReply(fault: Fault, { url = '/' }: IncomingMessage): Reply {
  const [resource = '/'] = url.split('?');
  const content = { Code: fault.code, Message: fault.message, Resource: resource };
  return { status: fault.status, body: xmlDocument('Error', content) };
}

export async function send(
  { method }: IncomingMessage,
  response: ServerResponse,
  { status, headers = {}, body }: Reply,
): Promise<void> {
  response.statusCode = status;
  response.setHeader('x-amz-request-id', randomBytes(8).toString('hex').toUpperCase());
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, headerText(value));
  if (typeof body === 'object') return pipeline(body, response).catch(unlessHungUp);
  if (body === undefined || method === 'HEAD') {
    response.end();
    return;
  }
  response.setHeader('content-type', 'application/xml');
  response.end(body);
}

function unlessHungUp(cause: NodeJS.ErrnoException): void {
  if (cause.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw cause;
}

// Some come from a form or a query and may hold what a header cannot.
function headerText(value: string): string {
  const line = value.replace(/[^\t\x20-\x7e\u0080-\u{10ffff}]/gu, ' ');
  return [...line].every((char) => char <= '\u00ff') ? line : Buffer.from(line).toString('latin1');
}
