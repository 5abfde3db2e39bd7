import { S3Error } from './error.ts';
import type { Headers } from './http-request.ts';

/**
 * `known` are the headers that the operation knows, of those that change what S3 does; `*` stands for the
 * rest of a name. @throws {S3Error} when a request has an unknown one of that kind
 */
export function requireKnownHeaders(
  operation: string,
  known: readonly string[],
  headers: Headers,
): void {
  const unknown = Object.keys(headers).find(
    (name) => changesBehavior.test(name) && !isKnown(name, [...known, ...ofEveryRequest]),
  );
  if (unknown !== undefined) {
    throw new S3Error('NotImplemented', `This S3 does not know ${unknown} of ${operation}.`);
  }
  for (const [name, only] of Object.entries(onlyValues)) {
    const value = headers[name];
    if (value !== undefined && value !== only) {
      throw new S3Error('NotImplemented', `This S3 knows no ${name} but ${only}.`);
    }
  }
}

/** Whether a name is one of these; `*` stands for the rest of a name. */
export const isKnown = (name: string, known: readonly string[]): boolean =>
  known.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );

const changesBehavior = /^(x-amz-|if-(none-)?match$|if-(un)?modified-since$)/;

// These headers sign a request or name its sender.
const ofEveryRequest = [
  'x-amz-algorithm',
  'x-amz-content-sha256',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
  'x-amz-user-agent',
];

// A header with this value changes nothing: S3 does the same without it.
const onlyValues: Readonly<Record<string, string>> = { 'x-amz-storage-class': 'STANDARD' };
