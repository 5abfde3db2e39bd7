import { isIP } from 'node:net';
import { isPublic } from './address.ts';

/** What is allowed beyond https to the public internet. */
export type Rules = {
  readonly http?: boolean | undefined;
  /** Also this machine, at any port. Only the laptop's stage says so. */
  readonly loopback?: boolean | undefined;
};

/** `reason` is public and completes "callback_url …". */
export type Checked = { readonly url: URL } | { readonly reason: string };

const longest = 2048;
const isPrivate = 'must not point to a private address';
const privateNames = /(^|\.)(localhost|local|internal)\.*$/;
const thisMachine = /^(https?:\/\/127\.0\.0\.1|http:\/\/localhost)(:\d+)?$/;

/**
 * Judges an address by its text alone. A name that passes may still lead to a private address: what it
 * resolves to is judged when the connection is made.
 */
export function checkUrl(text: string, rules: Rules = {}): Checked {
  if (text.length > longest) return { reason: `must have at most ${longest} characters` };
  // Parsed first: 127.1, 0x7f000001 and ①②⑦.0.0.1 are all 127.0.0.1 from here on.
  const url = URL.parse(text);
  if (!url) return { reason: 'must be a complete address, like https://example.com/path' };
  const reason = objection(url, rules);
  return reason === undefined ? { url } : { reason };
}

/** Why an address may not be used, if it may not. */
export function refusal(text: string, rules: Rules = {}): string | undefined {
  const checked = checkUrl(text, rules);
  return 'reason' in checked ? checked.reason : undefined;
}

export const isThisMachine = ({ origin }: URL): boolean => thisMachine.test(origin);

function objection(url: URL, rules: Rules): string | undefined {
  if (url.username || url.password) return 'must not contain a user name or a password';
  if (rules.loopback && isThisMachine(url)) return undefined;
  const allowed = rules.http ? ['https:', 'http:'] : ['https:'];
  if (!allowed.includes(url.protocol)) {
    return rules.http ? 'must be an http or https address' : 'must be an https address';
  }
  return objectionToHost(url.hostname) ?? (url.port ? 'must use the standard port' : undefined);
}

function objectionToHost(hostname: string): string | undefined {
  const literal = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(literal) !== 0) return isPublic(literal) ? undefined : isPrivate;
  if (privateNames.test(hostname)) return isPrivate;
  if (hostname.endsWith('.')) return 'must not have a dot at the end of its host name';
  return hostname.includes('.') ? undefined : 'must have a full host name, like example.com';
}
