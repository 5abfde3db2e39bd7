import type { IncomingMessage } from 'node:http';
import { checkUrl, isThisMachine, type Rules } from './check-url.ts';
import { AddressRefused, Unreachable } from './errors.ts';

type Headers = Readonly<Record<string, string>>;

const redirects = [301, 302, 303, 307, 308];
const forFirstOriginOnly = ['authorization', 'cookie', 'proxy-authorization'];

/** Where an answer sends us, if it sends us anywhere. */
export const locationOf = ({ statusCode = 0, headers }: IncomingMessage): string | undefined =>
  redirects.includes(statusCode) ? headers.location : undefined;

/**
 * The next address, judged like the first one.
 * @throws {AddressRefused | Unreachable}
 */
export function nextUrl(from: URL, location: string, rules: Rules): URL {
  const target = URL.parse(location, from.href);
  if (!target) throw new Unreachable('redirects to something that is not an address');
  // What lies on the internet has no business sending us to this machine.
  const checked = checkUrl(target.href, {
    ...rules,
    loopback: rules.loopback && isThisMachine(from),
  });
  if ('url' in checked) return checked.url;
  throw new AddressRefused(`redirects, and its target ${checked.reason}`);
}

/** The headers for the next address: who else is asked does not get to see credentials. */
export function nextHeaders(headers: Headers, from: URL, to: URL): Headers {
  if (from.origin === to.origin) return headers;
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !forFirstOriginOnly.includes(name.toLowerCase())),
  );
}
