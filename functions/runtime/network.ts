import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';

/**
 * How long a connection to one address of a host may take before the next address is tried, in milliseconds. Node's
 * default of 250 makes hosts unreachable that are farther away than that, or that lose one SYN: the attempt is given
 * up, and the next address is often an IPv6 one, which a function outside a VPC cannot reach. A lost SYN is sent again
 * after 1 and after 3 seconds.
 */
export const connectionAttemptMs = 5000;

// For every connection of the function: `fetch`, the guarded client and the AWS SDK. Each bundle begins with this file.
setDefaultAutoSelectFamilyAttemptTimeout(connectionAttemptMs);
