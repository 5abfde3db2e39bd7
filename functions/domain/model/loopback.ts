// What counts as this machine. No deployed stage allows it.

/** Whether the host name of a URL is that of this machine. */
export const isLoopbackName = (hostname: string): boolean =>
  /^(127\.0\.0\.1|localhost|\[::1\])$/i.test(hostname);

/** Whether an address that a host name resolves to is that of this machine. */
export const isLoopbackAddress = (address: string): boolean =>
  address === '127.0.0.1' || address === '::1';

/** The one name that may resolve to a loopback address. */
export const loopbackName = 'localhost';

const loopbackOrigin = /^(https?:\/\/127\.0\.0\.1|http:\/\/localhost)(:\d+)?$/;

/**
 * Whether a URL leads to this machine, in the forms that we use ourselves.
 * The origin is not compared: that of `blob:http://127.0.0.1/` is the origin of the address inside it.
 */
export const isLoopbackUrl = ({ protocol, host }: URL): boolean =>
  loopbackOrigin.test(`${protocol}//${host}`);
