import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { Problem } from '../task/problem.ts';
import { strictJson } from './strict-json.ts';

/** Far above any sensible request; pictures do not travel through the API. */
const mostBytes = 256 * 1024;

/**
 * The JSON that a caller sent, or `undefined` when there is no body at all: that is for the schema to judge.
 * @throws {Problem} `request_too_large`, `unsupported_media_type`, or `invalid_request`
 */
export function jsonBody({ body = '', isBase64Encoded, headers }: APIGatewayProxyEventV2): unknown {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length === 0) return undefined;
  if (bytes.length > mostBytes) {
    throw new Problem(
      'request_too_large',
      'The body is larger than 256 kB; send pictures as addresses or uploads.',
    );
  }
  checkEncoding(headers['content-encoding']);
  checkType(headers['content-type']);
  return strictJson(isBase64Encoded ? decoded(bytes) : unmarked(body));
}

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

// Who names no type means JSON: there is nothing else to mean.
function checkType(type = 'application/json'): void {
  const [name = '', ...parameters] = type.toLowerCase().split(';', 8).map(trimmed);
  const charsets = parameters.filter((one) => one.startsWith('charset'));
  if (jsonType.test(name) && charsets.every((one) => utf8.test(one))) return;
  throw new Problem(
    'unsupported_media_type',
    'The body must be JSON in UTF-8: send it with Content-Type: application/json.',
    { param: 'Content-Type' },
  );
}

const trimmed = (text: string): string => text.trim();

const notUtf8 = (cause?: unknown): Problem =>
  new Problem('invalid_request', 'The body is not valid UTF-8.', { cause });

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw notUtf8(cause);
  }
}

// API Gateway has decoded it, and put U+FFFD where it could not: who means that character writes \ufffd.
function unmarked(text: string): string {
  if (text.includes('\uFFFD')) throw notUtf8();
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
