import { createHash } from 'node:crypto';
import { getCanonicalHeaders, getCanonicalQuery } from '@smithy/signature-v4';
import { S3Error } from './error.ts';
import type { Address, Headers } from './http-request.ts';
import {
  type Credentials,
  requireSignature,
  type Scope,
  scopeOf,
  signedTime,
} from './signing-key.ts';

export type SignedRequest = {
  readonly method: string;
  readonly address: Address;
  readonly headers: Headers;
};

export type VerifiedRequest = {
  /** The headers, and for a presigned address those in its query. */
  readonly headers: Headers;
  /** The SHA-256 of the body, or a constant which says that the body is not signed. */
  readonly payload: string;
  /** The access key that signed it. */
  readonly signer: string;
};

/** Computes the signature of a request. @throws {S3Error} unless the request has the same one, in time */
export function verifySignature(
  request: SignedRequest,
  credentials: readonly Credentials[],
  now: number,
): VerifiedRequest {
  const { address, headers } = request;
  const parts = parseSignature(address, headers);
  requireEverythingSigned(parts, headers);
  const { scope, signature } = parts;
  const text = textToSign(request, parts);
  const signer = requireSignature(credentials, { scope, text, signature });
  requireUnexpired(parts, now);
  if (parts.expiresInSeconds === undefined) return { headers, payload: parts.payload, signer };
  return {
    headers: { ...headersInQuery(address.query), ...headers },
    payload: parts.payload,
    signer,
  };
}

function textToSign({ method, address, headers }: SignedRequest, parts: SignatureParts): string {
  const { scope, date, signedHeaders, payload } = parts;
  const request = {
    method,
    protocol: 'http:',
    hostname: '',
    path: address.path,
    query: Object.fromEntries(
      [...address.query.keys()].map((name) => [name, address.query.getAll(name)]),
    ),
    headers: Object.fromEntries(signedHeaders.map((name) => [name, headers[name] ?? ''])),
  };
  const canonical = getCanonicalHeaders(request, undefined, new Set(signedHeaders));
  const names = Object.keys(canonical).toSorted();
  const canonicalRequest = [
    method,
    address.path,
    getCanonicalQuery(request),
    ...names.map((name) => `${name}:${canonical[name]}`),
    '',
    names.join(';'),
    payload,
  ].join('\n');
  const hash = createHash('sha256').update(canonicalRequest).digest('hex');
  return `AWS4-HMAC-SHA256\n${date}\n${scope.day}/${scope.region}/s3/aws4_request\n${hash}`;
}

function requireEverythingSigned({ signedHeaders }: SignatureParts, headers: Headers): void {
  const needed = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))];
  const unsigned = needed.filter((name) => !signedHeaders.includes(name));
  if (unsigned.length > 0) {
    throw new S3Error(
      'AccessDenied',
      `There were headers which were not signed: ${unsigned.join(', ')}`,
    );
  }
}

const maxClockSkewMs = 15 * 60_000;

function requireUnexpired({ date, scope, expiresInSeconds }: SignatureParts, now: number): void {
  const signedAt = signedTime(date);
  if (Number.isNaN(signedAt) || !date.startsWith(scope.day)) {
    throw new S3Error(
      'AccessDenied',
      'A valid x-amz-date is required, on the day of the credential',
    );
  }
  if (expiresInSeconds === undefined) {
    if (Math.abs(now - signedAt) > maxClockSkewMs) throw new S3Error('RequestTimeTooSkewed');
    return;
  }
  if (now > signedAt + expiresInSeconds * 1000)
    throw new S3Error('AccessDenied', 'Request has expired');
  if (now < signedAt - maxClockSkewMs)
    throw new S3Error('AccessDenied', 'Request is not valid yet');
}

// A presigner moves x-amz-* headers into the query, where they have the same meaning.
const headersInQuery = (query: URLSearchParams): Headers =>
  Object.fromEntries(
    [...query]
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => name.startsWith('x-amz-')),
  );

/** The signature of a request, and what was signed. */
type SignatureParts = {
  readonly scope: Scope;
  /** In the form `20260131T120000Z`. */
  readonly date: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** The SHA-256 of the body, or a constant which says that the body is not signed. */
  readonly payload: string;
  /** Only for a presigned request. */
  readonly expiresInSeconds?: number;
};

function parseSignature({ query }: Address, headers: Headers): SignatureParts {
  const authorization = headers['authorization'];
  const isPresigned = query.has('X-Amz-Signature') || query.has('X-Amz-Algorithm');
  if (authorization && isPresigned) {
    throw new S3Error('InvalidArgument', 'Only one auth mechanism allowed');
  }
  if (isPresigned) return fromQuery(query, headers);
  if (authorization) return fromHeader(authorization, headers);
  throw new S3Error('AccessDenied');
}

function fromHeader(authorization: string, headers: Headers): SignatureParts {
  if (!authorization.startsWith('AWS4-HMAC-SHA256 ')) {
    throw new S3Error('InvalidRequest', 'Please use AWS4-HMAC-SHA256.');
  }
  const part = (name: string) => new RegExp(`[ ,]${name}=([^ ,]+)`).exec(authorization)?.[1] ?? '';
  const payload = headers['x-amz-content-sha256'];
  if (!payload) throw new S3Error('InvalidRequest', 'Missing header: x-amz-content-sha256');
  return {
    scope: scopeOf(part('Credential'), 'AuthorizationHeaderMalformed'),
    date: headers['x-amz-date'] ?? '',
    signedHeaders: listed(part('SignedHeaders')),
    signature: part('Signature'),
    payload,
  };
}

const maxExpirySeconds = 7 * 24 * 3600;

function fromQuery(query: URLSearchParams, headers: Headers): SignatureParts {
  const malformed = 'AuthorizationQueryParametersError';
  const field = (name: string) => {
    const value = query.get(name);
    if (!value) throw new S3Error(malformed, `Query parameter ${name} is missing.`);
    return value;
  };
  if (field('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') throw new S3Error(malformed);
  const expiresInSeconds = Number(field('X-Amz-Expires'));
  if (!(expiresInSeconds >= 0 && expiresInSeconds <= maxExpirySeconds)) {
    throw new S3Error(malformed, 'X-Amz-Expires must be between 0 and a week in seconds');
  }
  return {
    scope: scopeOf(field('X-Amz-Credential'), malformed),
    date: field('X-Amz-Date'),
    signedHeaders: listed(field('X-Amz-SignedHeaders')),
    signature: field('X-Amz-Signature'),
    payload:
      query.get('X-Amz-Content-Sha256') ?? headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD',
    expiresInSeconds,
  };
}

const listed = (names: string): string[] => names.toLowerCase().split(';');
