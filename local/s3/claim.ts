import type { Address } from './address.ts';
import type { Headers } from './call.ts';
import { Fault } from './fault.ts';
import { type Scope, scopeOf } from './secret.ts';

/** What a request says about its own signature. */
export type Claim = {
  readonly scope: Scope;
  /** As `20260131T120000Z`. */
  readonly date: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** What the sender signed in place of the body: its SHA-256, or a word saying that he did not. */
  readonly payload: string;
  /** Of a presigned request only. */
  readonly expiresInSeconds?: number;
};

export function claimOf({ query }: Address, headers: Headers): Claim {
  const authorization = headers['authorization'];
  const isPresigned = query.has('X-Amz-Signature') || query.has('X-Amz-Algorithm');
  if (authorization && isPresigned) {
    throw new Fault('InvalidArgument', 'Only one auth mechanism allowed');
  }
  if (isPresigned) return presignedClaim(query, headers);
  if (authorization) return headerClaim(authorization, headers);
  throw new Fault('AccessDenied');
}

function headerClaim(authorization: string, headers: Headers): Claim {
  if (!authorization.startsWith('AWS4-HMAC-SHA256 ')) {
    throw new Fault('InvalidRequest', 'Please use AWS4-HMAC-SHA256.');
  }
  const part = (name: string) => new RegExp(`[ ,]${name}=([^ ,]+)`).exec(authorization)?.[1] ?? '';
  const payload = headers['x-amz-content-sha256'];
  if (!payload) throw new Fault('InvalidRequest', 'Missing header: x-amz-content-sha256');
  return {
    scope: scopeOf(part('Credential'), 'AuthorizationHeaderMalformed'),
    date: headers['x-amz-date'] ?? '',
    signedHeaders: listed(part('SignedHeaders')),
    signature: part('Signature'),
    payload,
  };
}

const longestSeconds = 7 * 24 * 3600;

function presignedClaim(query: URLSearchParams, headers: Headers): Claim {
  const malformed = 'AuthorizationQueryParametersError';
  const field = (name: string) => {
    const value = query.get(name);
    if (!value) throw new Fault(malformed, `Query parameter ${name} is missing.`);
    return value;
  };
  if (field('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') throw new Fault(malformed);
  const expiresInSeconds = Number(field('X-Amz-Expires'));
  if (!(expiresInSeconds >= 0 && expiresInSeconds <= longestSeconds)) {
    throw new Fault(malformed, 'X-Amz-Expires must be between 0 and a week in seconds');
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
