import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { isLoopbackUrl } from '../../domain/model/loopback.ts';
import { maxUrlLength } from '../../domain/model/task.ts';
import { tooLong, tooLongEncoded, urlProblems } from '../../domain/model/url-problems.ts';

/** What is allowed beyond a short https address on the public internet. */
export type UrlRules = {
  readonly http?: boolean | undefined;
  /** Also the loopback interface. No deployed stage allows it. */
  readonly allowLoopback?: boolean | undefined;
  /** In characters; by default the limit for the URL of a caller. */
  readonly maxLength?: number | undefined;
};

/** `reason` is public: one of `urlProblems`. */
export type CheckedUrl = { readonly url: URL } | { readonly reason: string };

const privateNames = /(^|\.)(localhost|local|internal)\.*$/;

/**
 * Validates the text of a URL. A host name that passes may still resolve to a private address; that is checked
 * when the connection is made.
 */
export function checkUrl(text: string, rules: UrlRules = {}): CheckedUrl {
  const { maxLength = maxUrlLength } = rules;
  if (text.length > maxLength) return { reason: tooLong(maxLength) };
  // The checks below see the parsed URL: 127.1, 0x7f000001 and ①②⑦.0.0.1 are all 127.0.0.1 there.
  const url = URL.parse(text);
  if (!url) return { reason: urlProblems.malformed };
  // Percent-encoding makes up to nine characters of one.
  if (url.href.length > maxLength) return { reason: tooLongEncoded(maxLength) };
  const reason = ruleViolation(url, rules);
  return reason === undefined ? { url } : { reason };
}

/** Why a URL may not be used, or `undefined` when it may. */
export function urlProblem(text: string, rules: UrlRules = {}): string | undefined {
  const checked = checkUrl(text, rules);
  return 'reason' in checked ? checked.reason : undefined;
}

function ruleViolation(url: URL, rules: UrlRules): string | undefined {
  if (url.username || url.password) return urlProblems.credentials;
  if (rules.allowLoopback && isLoopbackUrl(url)) return undefined;
  const allowed = rules.http ? ['https:', 'http:'] : ['https:'];
  if (!allowed.includes(url.protocol)) {
    return rules.http ? urlProblems.notHttp : urlProblems.notHttps;
  }
  return hostViolation(url.hostname);
}

function hostViolation(hostname: string): string | undefined {
  const literal = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(literal) !== 0) return isPublicAddress(literal) ? undefined : urlProblems.privateAddress;
  if (privateNames.test(hostname)) return urlProblems.privateAddress;
  if (hostname.endsWith('.')) return urlProblems.trailingDot;
  return hostname.includes('.') ? undefined : urlProblems.partialHostname;
}

// The part of IPv6 that is allocated to the public internet. ipaddr.js calls much of the rest unicast too.
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** Whether an address is on the public internet. An IPv4 address written as IPv6 never is. */
export function isPublicAddress(ip: string): boolean {
  // A zone ("%eth0") has a meaning only on a local link.
  if (isIP(ip) === 0 || ip.includes('%')) return false;
  const address = ipaddr.parse(ip);
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' || address.match(globalUnicast);
}
