import { createHash } from 'node:crypto';
import { getCanonicalHeaders, getCanonicalQuery } from '@smithy/signature-v4';
import type { Address } from './address.ts';
import type { Headers } from './call.ts';
import { type Claim, claimOf } from './claim.ts';
import { Fault } from './fault.ts';
import { type Credentials, requireSignature, signedTime } from './secret.ts';

export type Arrived = {
  readonly method: string;
  readonly address: Address;
  readonly headers: Headers;
};

export type Verified = {
  /** The headers, with those that a presigned address carries in its query. */
  readonly headers: Headers;
  readonly payload: string;
  /** The access key that signed it. */
  readonly signer: string;
};

/** Signs again what arrived, and throws unless that is the signature it came with, in time. */
export function verify(
  arrived: Arrived,
  credentials: readonly Credentials[],
  now: number,
): Verified {
  const { address, headers } = arrived;
  const claim = claimOf(address, headers);
  requireEverythingSigned(claim, headers);
  const { scope, signature } = claim;
  const text = textToSign(arrived, claim);
  const signer = requireSignature(credentials, { scope, text, signature });
  requireInTime(claim, now);
  if (claim.expiresInSeconds === undefined) return { headers, payload: claim.payload, signer };
  return { headers: { ...hoisted(address.query), ...headers }, payload: claim.payload, signer };
}

function textToSign({ method, address, headers }: Arrived, claim: Claim): string {
  const { scope, date, signedHeaders, payload } = claim;
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

function requireEverythingSigned({ signedHeaders }: Claim, headers: Headers): void {
  const needed = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))];
  const unsigned = needed.filter((name) => !signedHeaders.includes(name));
  if (unsigned.length > 0) {
    throw new Fault(
      'AccessDenied',
      `There were headers which were not signed: ${unsigned.join(', ')}`,
    );
  }
}

const toleratedMs = 15 * 60_000;

function requireInTime({ date, scope, expiresInSeconds }: Claim, now: number): void {
  const signedAt = signedTime(date);
  if (Number.isNaN(signedAt) || !date.startsWith(scope.day)) {
    throw new Fault('AccessDenied', 'A valid x-amz-date is required, on the day of the credential');
  }
  if (expiresInSeconds === undefined) {
    if (Math.abs(now - signedAt) > toleratedMs) throw new Fault('RequestTimeTooSkewed');
    return;
  }
  if (now > signedAt + expiresInSeconds * 1000)
    throw new Fault('AccessDenied', 'Request has expired');
  if (now < signedAt - toleratedMs) throw new Fault('AccessDenied', 'Request is not valid yet');
}

// A presigner moves x-amz-* headers into the query, where they mean the same.
const hoisted = (query: URLSearchParams): Headers =>
  Object.fromEntries(
    [...query]
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => name.startsWith('x-amz-')),
  );
