import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { isPublic } from './address.ts';
import type { Rules } from './check-url.ts';
import { AddressRefused, Unreachable } from './errors.ts';

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

const resolveAll: Resolve = (hostname) => lookup(hostname, { all: true });

/**
 * Resolves a name for a connection. The connection is made to the very addresses that were judged, so a
 * name that answers differently the next time gains nothing.
 */
export const guardedLookup =
  (rules: Rules, resolve: Resolve = resolveAll): LookupFunction =>
  (hostname, { all }, done) => {
    judged(hostname, rules, resolve).then(
      ([first, ...rest]) => {
        if (all) done(null, [first, ...rest]);
        else done(null, first.address, first.family);
      },
      (error: Error) => done(error, []),
    );
  };

async function judged(hostname: string, { loopback }: Rules, resolve: Resolve) {
  const isAllowed = loopback && hostname === 'localhost' ? isLoopback : isPublic;
  const [first, ...rest] = await resolve(hostname);
  if (!first) throw new Unreachable('has a host name without an address');
  // One private address among public ones is how a name is smuggled past a check of the first.
  if (![first, ...rest].every(({ address }) => isAllowed(address))) {
    throw new AddressRefused('must not point to a private address');
  }
  return [first, ...rest] as const;
}

const isLoopback = (address: string): boolean => address === '127.0.0.1' || address === '::1';
