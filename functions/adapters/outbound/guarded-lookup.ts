import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { urlProblems } from '../../domain/model/url-problems.ts';
import { isPublicAddress, type UrlRules } from './check-url.ts';
import { AddressNotAllowed, Unreachable } from './errors.ts';

/** Finds all addresses of a host name. */
export type ResolveHost = (hostname: string) => Promise<readonly LookupAddress[]>;

const resolveAll: ResolveHost = (hostname) => lookup(hostname, { all: true });

/**
 * Resolves a host name for a connection and checks its addresses. The connection is made to exactly these
 * addresses, so a name that resolves differently the next time (DNS rebinding) gains nothing.
 */
export const guardedLookup =
  (rules: UrlRules, resolve: ResolveHost = resolveAll): LookupFunction =>
  (hostname, { all }, done) => {
    resolveAllowed(hostname, rules, resolve).then(
      ([first, ...rest]) => {
        if (all) done(null, [first, ...rest]);
        else done(null, first.address, first.family);
      },
      (error: Error) => done(error, []),
    );
  };

async function resolveAllowed(hostname: string, { allowLoopback }: UrlRules, resolve: ResolveHost) {
  const isAllowed = allowLoopback && hostname === 'localhost' ? isLoopback : isPublicAddress;
  const [first, ...rest] = await resolve(hostname);
  if (!first) throw new Unreachable(urlProblems.noAddress);
  // Every address is checked: otherwise a private address that follows a public one would pass.
  if (![first, ...rest].every(({ address }) => isAllowed(address))) {
    throw new AddressNotAllowed(urlProblems.privateAddress);
  }
  return [first, ...rest] as const;
}

const isLoopback = (address: string): boolean => address === '127.0.0.1' || address === '::1';
