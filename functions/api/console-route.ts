/** What the routes of the console have in common. They are no part of the API, so they are in no document. */
export const consoleRoute = {
  method: 'GET',
  function: 'console',
  access: 'public',
  head: true,
  // Anybody may call it without a key: it must not use up what callers of the API need. A first visit is six requests.
  throttle: { requestsPerSecond: 20, burst: 60 },
} as const;
