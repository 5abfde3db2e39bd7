import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { requestHeaders } from '../domain/model/http-headers.ts';
import { Problem } from '../domain/model/problem.ts';
import { strictJson } from './strict-json.ts';

/**
 * The JSON that a caller sent, or `undefined` when there is no body at all: the schema decides whether there must be one.
 * @throws {Problem} `request_too_large`, `unsupported_media_type`, or `invalid_request`
 */
export function parseJsonBody(
  { body = '', isBase64Encoded, headers }: APIGatewayProxyEventV2,
  maxBytes: number,
): unknown {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length === 0) return undefined;
  if (bytes.length > maxBytes) throw bodyTooLarge(maxBytes);
  checkEncoding(headers['content-encoding']);
  checkType(headers[requestHeaders.contentType]);
  return strictJson(isBase64Encoded ? decodeUtf8(bytes) : withoutByteOrderMark(body));
}

export const bodyTooLarge = (maxBytes: number): Problem =>
  new Problem(
    'request_too_large',
    `The body is larger than ${maxBytes / 1024} kB; send pictures as addresses or uploads.`,
  );

function checkEncoding(encoding = 'identity'): void {
  if (encoding.trim().toLowerCase() === 'identity') return;
  throw new Problem(
    'unsupported_media_type',
    'The body must not be compressed: send it without Content-Encoding.',
    { param: 'Content-Encoding' },
  );
}

const jsonType = /^application\/([\w.-]+\+)?json$/;
const utf8 = /^charset="?(utf-?8|us-ascii)"?$/;

// A request without a type means JSON: nothing else is possible.
function checkType(type = 'application/json'): void {
  const [name = '', ...parameters] = type
    .toLowerCase()
    .split(';', 8)
    .map((part) => part.trim());
  const charsets = parameters.filter((one) => one.startsWith('charset'));
  if (jsonType.test(name) && charsets.every((one) => utf8.test(one))) return;
  throw bodyNotJson();
}

export const bodyNotJson = (): Problem =>
  new Problem(
    'unsupported_media_type',
    'The body must be JSON in UTF-8: send it with Content-Type: application/json.',
    { param: 'Content-Type' },
  );

const notUtf8 = (cause?: unknown): Problem =>
  new Problem('invalid_request', 'The body is not valid UTF-8.', { cause });

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw notUtf8(cause);
  }
}

// API Gateway has decoded the body already, and wrote U+FFFD for bytes that are not UTF-8. Nobody can tell that from a
// U+FFFD that the caller has sent, so it stays what it is: a character.
const withoutByteOrderMark = (text: string): string =>
  text.startsWith('\uFEFF') ? text.slice(1) : text;
