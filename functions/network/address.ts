import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

// All of IPv6 that is given out to the public internet. ipaddr.js calls much of the rest unicast too.
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** Whether an address lies on the public internet. IPv4 in IPv6 clothes never does. */
export function isPublic(ip: string): boolean {
  // A zone ("%eth0") makes sense on a local link alone.
  if (isIP(ip) === 0 || ip.includes('%')) return false;
  const address = ipaddr.parse(ip);
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' || address.match(globalUnicast);
}
