/** Whether the host name of a URL is that of this machine. */
export const isLoopbackName = (hostname: string): boolean =>
  /^(127\.0\.0\.1|localhost|\[::1\])$/i.test(hostname);
