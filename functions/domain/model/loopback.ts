/** Whether a host name, as a URL has it, is that of this machine. */
export const isLoopbackName = (hostname: string): boolean =>
  /^(127\.0\.0\.1|localhost|\[::1\])$/i.test(hostname);
